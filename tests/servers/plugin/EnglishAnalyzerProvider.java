package hybridsearch.servers;

import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.index.analysis.AnalyzerScope;

/** Lucene's English analyzer, with the settings `stopwords` and `stem_exclusion`. */
final class EnglishAnalyzerProvider implements AnalyzerProvider<EnglishAnalyzer> {

    private final String name;
    private final EnglishAnalyzer analyzer;

    EnglishAnalyzerProvider(Environment environment, String name, Settings settings) {
        this.name = name;
        CharArraySet stopwords =
            Analysis.parseStopWords(environment, settings, EnglishAnalyzer.getDefaultStopSet());
        this.analyzer = new EnglishAnalyzer(
            stopwords, Analysis.parseStemExclusion(settings, CharArraySet.EMPTY_SET));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public AnalyzerScope scope() {
        return AnalyzerScope.INDEX;
    }

    @Override
    public EnglishAnalyzer get() {
        return analyzer;
    }
}
