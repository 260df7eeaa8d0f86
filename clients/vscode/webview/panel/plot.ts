/** A plot, drawn by us: lines or bars, and the same figures as a table. */

import type { PlotBlock } from "../../src/extensions/messages";
import { revealed } from "../../src/hidden";
import { make } from "../elements";
import { extentOf, type Scale, scaleOf } from "./scale";

const SVG = "http://www.w3.org/2000/svg";
const SIZE = { width: 640, height: 260, left: 56, right: 12, top: 10, bottom: 30 };
const INNER = { width: SIZE.width - SIZE.left - SIZE.right, height: SIZE.height - SIZE.top - SIZE.bottom };
/** As many labels as have room below the plot, and as much of each. */
const LABELS = 8;
const LABEL_CHARS = 12;
/** Lines differ by their dashes too, not by colour alone. */
const DASHES = ["", "7 4", "2 3", "9 3 2 3", "12 4", "4 4", "1 4", "10 3 2 3 2 3"];
/** However few they are. */
const BAR_MAX = 60;
/** Up to so many points are marked each. */
const MARKED = 60;

interface Series {
  name: string;
  /** A gap where it is no number. */
  values: (number | undefined)[];
}

/** The picture, what its lines mean, and its figures to be opened. */
export function plot({ title, form, labels: written, series }: PlotBlock): HTMLElement[] {
  const labels = written.map(revealed);
  const all = Object.entries(series).map(([name, values]): Series => ({ name: revealed(name), values: values.map(real) }));
  const count = Math.max(labels.length, ...all.map(({ values }) => values.length));
  const extent = extentOf(all.flatMap(({ values }) => values), form === "bar");
  if (!extent) {
    return [make("p", { class: "detail" }, "There are no figures.")];
  }
  const scale = scaleOf(extent);
  const picture = svg("svg", {
    viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
    class: "plot",
    role: "img",
    "aria-label": told(revealed(title), form, all),
  });
  picture.append(...axis(scale), ...named(labels, count), ...(form === "bar" ? bars : lines)(all, count, scale, labels));
  const legend = all.length > 1 || all[0]?.name ? [legendOf(all, form)] : [];
  return [make("figure", {}, picture, ...legend), figures(labels, all, count)];
}

function real(value: number): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function svg(tag: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
  }
  made.textContent = text;
  return made;
}

function yOf(value: number, { least, most }: Scale): number {
  return SIZE.top + INNER.height * (1 - (value - least) / (most - least));
}

/** The middle of the place of a point. */
function xOf(index: number, count: number): number {
  return SIZE.left + (INNER.width * (index + 0.5)) / count;
}

function axis(scale: Scale): SVGElement[] {
  return scale.ticks.flatMap((tick) => {
    const y = yOf(tick, scale);
    const isZero = tick === 0 && scale.least < 0;
    return [
      svg("line", { x1: SIZE.left, x2: SIZE.width - SIZE.right, y1: y, y2: y, class: isZero ? "grid zero" : "grid" }),
      svg("text", { x: SIZE.left - 6, y: y + 4, "text-anchor": "end" }, brief(tick)),
    ];
  });
}

function named(labels: string[], count: number): SVGElement[] {
  const every = Math.max(1, Math.ceil(count / LABELS));
  return labels.flatMap((label, index) => {
    const cut = label.length > LABEL_CHARS ? `${[...label].slice(0, LABEL_CHARS - 1).join("")}…` : label;
    const place = { x: xOf(index, count), y: SIZE.height - 10, "text-anchor": "middle" };
    return index % every === 0 ? [svg("text", place, cut)] : [];
  });
}

function lines(all: Series[], count: number, scale: Scale, labels: string[]): SVGElement[] {
  return all.flatMap(({ name, values }, number) => {
    const at = (value: number, index: number): string => `${xOf(index, count).toFixed(1)} ${yOf(value, scale).toFixed(1)}`;
    const steps = values.map((value, index) =>
      value === undefined ? "" : `${values[index - 1] === undefined ? "M" : "L"}${at(value, index)}`,
    );
    const path = svg("path", { d: steps.join(""), class: `line series-${number}`, "stroke-dasharray": DASHES[number] ?? "" });
    const points = values.flatMap((value, index) => {
      // One between two gaps is no line.
      const isAlone = values[index - 1] === undefined && values[index + 1] === undefined;
      if (value === undefined || (count > MARKED && !isAlone)) {
        return [];
      }
      const place = { cx: xOf(index, count), cy: yOf(value, scale), r: 3, class: `point series-${number}` };
      return [titled(svg("circle", place), name, labels[index], value)];
    });
    return [path, ...points];
  });
}

function bars(all: Series[], count: number, scale: Scale, labels: string[]): SVGElement[] {
  const room = INNER.width / count;
  const width = Math.min((room * 0.8) / all.length, BAR_MAX);
  const zero = yOf(0, scale);
  return all.flatMap(({ name, values }, number) =>
    values.flatMap((value, index) => {
      if (value === undefined) {
        return [];
      }
      const y = yOf(value, scale);
      const x = xOf(index, count) + width * (number - all.length / 2);
      const place = { x, width, y: Math.min(y, zero), height: Math.abs(zero - y), class: `bar series-${number}` };
      return [titled(svg("rect", place), name, labels[index], value)];
    }),
  );
}

/** What the pointer shows of a point. */
function titled(element: SVGElement, name: string, label: string | undefined, value: number): SVGElement {
  element.append(svg("title", {}, `${[label, name].filter(Boolean).join(", ")}: ${whole(value)}`));
  return element;
}

function legendOf(all: Series[], form: PlotBlock["form"]): HTMLElement {
  const entries = all.map(({ name }, number) => {
    const sign = svg("svg", { viewBox: "0 0 28 10", class: "sign", "aria-hidden": "true" });
    sign.append(
      form === "bar"
        ? svg("rect", { x: 8, y: 0, width: 10, height: 10, class: `bar series-${number}` })
        : svg("path", { d: "M0 5L28 5", class: `line series-${number}`, "stroke-dasharray": DASHES[number] ?? "" }),
    );
    return make("li", {}, sign, name);
  });
  return make("ul", { class: "legend" }, ...entries);
}

/** The plot in words, for who does not see it; the figures themselves stand below. */
function told(title: string, form: PlotBlock["form"], all: Series[]): string {
  const each = all.map(({ name, values }) => {
    const there = values.filter((value) => value !== undefined);
    const what = name === "" ? "" : `${name}: `;
    const last = there.at(-1);
    return last === undefined
      ? `${what}no values.`
      : `${what}${there.length} values from ${whole(Math.min(...there))} to ${whole(Math.max(...there))}, the last ${whole(last)}.`;
  });
  return [`${form === "bar" ? "Bars" : "Lines"}${title === "" ? "" : ` of ${title}`}.`, ...each].join(" ");
}

/** Every figure, drawn when somebody opens it. */
function figures(labels: string[], all: Series[], count: number): HTMLElement {
  const details = make("details", { "data-key": "figures" }, make("summary", {}, "Figures"));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) {
      details.append(tableOf(labels, all, count));
    }
  });
  return details;
}

function tableOf(labels: string[], all: Series[], count: number): HTMLElement {
  const head = ["", ...all.map(({ name }) => name)].map((name) => make("th", { scope: "col" }, name));
  const rows = Array.from({ length: count }, (_, index) => {
    const cells = all.map(({ values }) => make("td", { class: "number" }, values[index] === undefined ? "–" : whole(values[index])));
    return make("tr", {}, make("th", { scope: "row" }, labels[index] ?? String(index + 1)), ...cells);
  });
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  return make("div", { class: "table", role: "group", "aria-label": "Figures", tabindex: "0" }, table);
}

function brief(value: number): string {
  return new Intl.NumberFormat(undefined, { notation: "compact", maximumSignificantDigits: 3 }).format(value);
}

function whole(value: number): string {
  return new Intl.NumberFormat(undefined, { maximumSignificantDigits: 12 }).format(value);
}
