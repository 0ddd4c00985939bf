"use strict";
/* What pages with a living city share: words and numbers, elements, levers. Whatever somebody wrote or typed becomes text (`h` appends
   strings as text nodes), never markup. */

let words;
const by = (id) => document.getElementById(id);

/** A worker from the text of its script, because a page from a file may load no other. */
const living = (script) => new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));

/** A module of WebAssembly from its text. */
const moduleOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

/** Weibull's, as reports have them (`quantiles` in sim/measures/spread.py). */
function quantile(values, share) {
  const sorted = Float64Array.from(values).sort(), last = sorted.length - 1;
  const place = Math.min(Math.max(share * (last + 2) - 1, 0), last), below = Math.floor(place);
  return sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

/* --- Words */

const look = (path) => path.split(".").reduce((part, key) => (part === undefined ? part : part[key]), words);
const say = (path, values = {}) => String(look(path)).replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));

/** A number as the language writes it. */
function num(value, digits, sign = false) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const text = digits === undefined ? String(Math.abs(+value.toPrecision(6))) : Math.abs(value).toFixed(digits);
  const [whole, part] = text.split("."), grouped = whole.replace(/\B(?=(\d{3})+$)/g, words.thousands);
  const minus = value < 0 && Number(text) !== 0 ? "−" : sign && Number(text) !== 0 ? "+" : "";
  return minus + grouped + (part ? words.decimal + part : "");
}

/* --- Elements */

function h(tag, about, ...parts) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(about || {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...parts.flat(Infinity).filter((part) => part !== null && part !== undefined));
  return made;
}

function svg(tag, about, ...parts) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(about || {})) if (value !== null) made.setAttribute(key, value);
  made.append(...parts.flat(Infinity));
  return made;
}

/** Fill an element anew; who had the focus keeps it. */
function refill(id, parts) {
  const focus = document.activeElement && document.activeElement.id;
  by(id).replaceChildren(...parts.flat(Infinity).filter(Boolean));
  if (focus && by(focus) && document.activeElement !== by(focus)) by(focus).focus();
}

/* What moves between a press and its release, or is made anew, misses the click (a field that is left by a press changes just then). So it waits
   for the release. */

let held = false;
const waiting = new Set(), release = (act) => (held ? waiting.add(act) : act());
for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
  addEventListener(kind, ({ buttons }) => {
    held = Boolean(buttons & 1);
    if (!held && waiting.size) setTimeout(() => { // after the click
      for (const act of waiting) act();
      waiting.clear();
    });
  }, true);
}

/* --- Levers */

/** A step that gives a slider about a hundred places. */
const stepOf = (low, high, whole) => (whole ? Math.max(1, Math.round((high - low) / 200)) : 10 ** Math.floor(Math.log10((high - low) / 100)));

/** A number with a slider, a field, its unit and what it is; `change` is called with numbers within the bounds only. What is `optional` may
    be left empty, which is null and not 0. */
function lever(name, { label, value, low, high, whole, unit, facts, detail, slider = true, optional = false }, change) {
  const id = `lever-${name.replace(/\W/g, "-")}`, step = stepOf(low, high, whole);
  const given = (event) => {
    const { value: text, validity } = event.target, empty = optional && text === "" && !validity.badInput, typed = empty ? null : Number(text);
    const fine = empty || text !== "" && Number.isFinite(typed) && typed >= low && typed <= high && (!whole || Number.isInteger(typed));
    field.setAttribute("aria-invalid", String(!fine));
    wrong.textContent = fine ? "" : say(optional ? "web.out_of_range_or_empty" : "web.out_of_range", { low: num(low), high: num(high) });
    if (!fine) return;
    if (event.target !== field) field.value = typed;
    else if (range_) range_.value = typed ?? low;
    change(typed);
  };
  const field = h("input", { type: "number", id, value, min: low, max: high, step: whole ? 1 : "any", onchange: given, "aria-describedby": `${id}-facts` });
  const range_ = slider ? h("input", { type: "range", min: low, max: high, step, value: value ?? low, oninput: given, "aria-label": label, tabindex: 0, id: `${id}-slider` }) : null;
  const wrong = h("span", { class: "wrong", role: "alert" });
  return h("div", { class: "lever", "data-name": name }, h("label", { for: id }, label), h("div", { class: "row" }, range_, field, unit ? h("span", { class: "unit" }, unit) : null), wrong,
    h("details", {}, h("summary", { id: `${id}-facts` }, facts), h("p", {}, detail)));
}

/** A lever of a reform, from what is told of it: a choice, or a number, which may be left out if it is optional. `place` tells it from that of
    another arm; `weeks` is the horizon. */
function reformLever(name, told, { value, weeks, place = "" }, change) {
  const [called, text, unit, source] = words.levers[name], starts = name.endsWith(".start");
  if (told.choices) {
    const id = `lever-${place}${name}`.replace(/[^\w-]/g, "-");
    return h("div", { class: "lever", "data-name": place + name }, h("label", { for: id }, called), h("select", { id, onchange: (event) => change(event.target.value) },
      told.choices.map((choice) => h("option", { value: choice, selected: value === choice }, look(`choices.${choice}`) ?? choice))));
  }
  const none = words.parameters[told.optional]?.[0].split(". ")[0] ?? say("live.reforms.none"), empty = told.optional ? say("web.left_empty", { value: none }) : none;
  const low = starts ? 0 : told.low, high = starts ? weeks - 1 : told.high;
  return lever(place + name, {
    label: called, value, low, high, whole: told.whole || starts, unit, optional: told.optional,
    facts: say("live.reforms.bounds", { low: num(low), high: num(high), value: told.default === null ? empty : num(told.default) }) + (told.optional && told.default !== null ? `; ${empty}` : ""),
    detail: say("live.reforms.detail", { text, source }),
  }, change);
}

/** Why a reform cannot look at its record of complaints: it begins before the city does (`looks_back` in sim/world/reforms/purge.py). */
function recordTooLong(reform, spinUp) {
  const [[name, { start, flag_by: flag, record_half_years: halves }]] = Object.entries(reform), begins = 26 * (Math.floor(start / 26) - halves);
  return flag === "record" && begins < -spinUp ? say("web.record_too_long", { reform: words.reforms[name], begins: num(begins), first: num(-spinUp) }) : undefined;
}
