"""How a cluster is reached: credentials, certificates, time; from arguments or the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hybridsearch.errors import ConfigurationError

_CREDENTIALS = ("api_key", "username", "password", "bearer")
_BESIDE_CLIENT = ("timeout", "write_timeout", "writes_in_flight", "binary")


class Connection(BaseSettings):
    """Settings of a connection; each is read from `HYBRIDSEARCH_<NAME>` where it is not given.

    api_key, or username with password, or bearer: the credentials; they are never printed.
    ca_certs: a file with the authorities to trust; verify_certs: whether certificates count.
    timeout: seconds that one trip to the cluster may take, with everything tried again within.
    write_timeout: the same for a trip that writes; for bulk requests, seconds without a single
    document stored. writes_in_flight: bulk requests at a time. compress: whether requests travel
    packed. connections: kept open to each node. binary: whether documents are sent in SMILE, which
    is JSON in half the bytes, where the server reads it.
    """

    model_config = SettingsConfigDict(env_prefix="HYBRIDSEARCH_", frozen=True, extra="forbid")

    api_key: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    bearer: SecretStr | None = None
    ca_certs: Path | None = None
    verify_certs: bool = True
    timeout: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    write_timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)
    writes_in_flight: int = Field(default=3, ge=1, le=64)
    compress: bool = False
    connections: int = Field(default=16, ge=1, le=1000)
    binary: bool = True

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Self:
        """Checked settings; raises ConfigurationError, which shows no value that was given."""
        try:
            return cls(**(given or {}))
        except ValidationError as error:
            told = "; ".join(
                f"{'.'.join(map(str, item['loc'])) or 'connection'}: "
                f"{item['msg'].removeprefix('Value error, ')}"
                for item in error.errors(include_url=False, include_input=False)
            )
        # Raised here, since the error above, which shows what was given, is then no part of it.
        raise ConfigurationError(f"connection settings: {told}")

    @classmethod
    def beside_client(cls, given: Mapping[str, Any] | None) -> Self:
        """Settings beside a client that the caller made, which knows most of them itself."""
        for name in given or {}:
            if name not in _BESIDE_CLIENT:
                raise ConfigurationError(
                    f"connection settings: {name} is a matter of the client that was given; "
                    f"beside it there are {', '.join(_BESIDE_CLIENT)}"
                )
        return cls.of({**dict.fromkeys(_CREDENTIALS), **(given or {})})

    @model_validator(mode="after")
    def _one_kind_of_credentials(self) -> Self:
        kinds = [self.api_key, self.username or self.password, self.bearer]
        if sum(kind is not None for kind in kinds) > 1:
            raise ValueError(
                "give one of api_key, username with password, or bearer; what HYBRIDSEARCH_API_KEY "
                "and the like say in the environment counts too"
            )
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        return self

    @model_validator(mode="after")
    def _authorities_are_there(self) -> Self:
        if self.ca_certs is not None and not self.ca_certs.exists():
            raise ValueError(f"ca_certs: there is no {self.ca_certs}")
        return self

    def secret(self, name: str) -> str | None:
        """The plain value of a credential, for the client alone."""
        value: SecretStr | None = getattr(self, name)
        return None if value is None else value.get_secret_value()
