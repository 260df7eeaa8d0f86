// Draws the figures that stand beside a chart as JSON; the same figures are in the table below it.
"use strict";

(() => {
  const NANO = 1e9;
  const HEIGHT = 220;
  const drawn = new Map();

  // So many places as tell one step from the next; of money at least its cents.
  function places(step) {
    return step === 0 ? 2 : Math.min(6, Math.max(2, 1 - Math.floor(Math.log10(Math.abs(step)))));
  }

  const SHOWN = {
    usd: (value, step = value) => `$${value.toFixed(places(step))}`,
    ms: (value) => `${value.toLocaleString("en")} ms`,
    s: (value) => `${value.toLocaleString("en")} s`,
    "%": (value) => `${value.toLocaleString("en")} %`,
  };

  // What a variable of the style is just now, in this theme.
  function colour(place, name) {
    place.style.color = `var(${name})`;
    const found = getComputedStyle(place).color;
    place.style.color = "";
    return found;
  }

  function draw(place) {
    const told = JSON.parse(document.getElementById(place.dataset.chart).textContent);
    if (told.days.length < 2) return; // A single day is no line; the table says it better.
    const show = SHOWN[told.unit] ?? ((value) => value.toLocaleString("en"));
    const scale = told.unit === "usd" ? NANO : 1;
    const text = (_, value) => (value == null ? "–" : show(value));
    const axis = { stroke: colour(place, "--soft"), grid: { stroke: colour(place, "--line"), width: 1 }, ticks: { show: false } };
    const lines = Object.keys(told.series).map((name, place_) => ({
      label: name,
      stroke: colour(place, `--line-${1 + (place_ % 6)}`),
      width: 2,
      points: { show: told.days.length < 32, size: 5 },
      value: text,
    }));
    const values = Object.values(told.series).map((each) => each.map((value) => (value == null ? null : value / scale)));
    const days = told.days.map((day) => Date.parse(`${day.slice(0, 10)}T00:00:00Z`) / 1000);
    place.hidden = false;
    place.closest("figure").querySelector("details")?.removeAttribute("open");
    const options = {
      width: place.clientWidth,
      height: HEIGHT,
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
      cursor: { y: false },
      scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), high || 1] } },
      axes: [
        { ...axis, values: (_, splits) => splits.map((at) => new Date(at * 1000).toISOString().slice(5, 10)), space: 60, size: 30, incrs: [1, 2, 7, 14, 28, 91].map((count) => count * 86400) },
        { ...axis, values: (_, splits) => splits.map((at) => show(at, splits[1] - splits[0])), size: 70 },
      ],
      series: [{ label: "day", value: (_, at) => (at == null ? "–" : new Date(at * 1000).toISOString().slice(0, 10)) }, ...lines],
    };
    drawn.get(place)?.destroy();
    drawn.set(place, new uPlot(options, [days, ...values], place));
  }

  function drawAll() {
    for (const place of [...drawn.keys()]) {
      if (!place.isConnected) {
        drawn.get(place).destroy();
        drawn.delete(place);
      }
    }
    for (const place of document.querySelectorAll("[data-chart]")) draw(place);
  }

  const resized = new ResizeObserver(() => {
    for (const [place, plot] of drawn) plot.setSize({ width: place.clientWidth, height: HEIGHT });
  });
  resized.observe(document.getElementById("content"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  document.addEventListener("steward:theme", drawAll);
  document.addEventListener("htmx:afterSettle", drawAll);
  drawAll();
})();
