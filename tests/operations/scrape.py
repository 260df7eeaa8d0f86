"""Metrics as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Scrape:
    """What one reading gave; its text was read by a parser that is not ours."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self._figures: Figures = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def of(self, name: str, **labels: str) -> float:
        """All figures of a name, added up, that have these labels; nought where there is none."""
        wanted = set(labels.items())
        return sum(
            value
            for (known, have), value in self._figures.items()
            if known == name and wanted <= have
        )

    def labels(self, name: str, label: str) -> set[str]:
        """What a label says in the figures of a name."""
        return {
            dict(have)[label]
            for known, have in self._figures
            if known == name and label in dict(have)
        }
