"use strict";
/* What is seen and what can be done. Nothing of the science is here: the worker lives cities, this draws what it tells. */

const DATA = JSON.parse(by("data").textContent);
const MEASURES = { trust: [3, 1, ""], trusting: [1, 100, "%"], reporting: [1, 100, "%"], crimes: [0, 1, ""], complaints: [0, 1, ""], cost: [0, 1, ""] };
const LAYERS = {
  trust: ["#00224E", "#2A3F6D", "#575C6D", "#7F7C75", "#ABA07A", "#D7C65F", "#FDEA45"],
  crime: ["#FCFDE8", "#FEC98D", "#FB8861", "#D3436E", "#8C2981", "#451077", "#0B0724"],
  difference: ["#A6430C", "#D97F3E", "#F3C9A5", "#F7F7F7", "#A9CCE3", "#4A90C2", "#0B4F8A"],
};
const PICTURE = 4, SURVEY = 26, YEAR = 52, MOST_ADULTS = 100000, SAMPLE = 6;
const CODEBOOK = Object.fromEntries(DATA.codebook.map(([name, value, low, high, whole, built]) => [name, { value, low, high, whole, built }]));
const REFORMS = DATA.reforms;
const root = by("page"), worker = living(by("worker").textContent);
let state, lived = [], cities = [], run = 0, timer = 0, resting = 0, playing = 0, painted, refused = [], then = backTo(history.state);

const shown = (measure, value, sign) => num(value * MEASURES[measure][1], MEASURES[measure][0], sign) + (sign ? "" : MEASURES[measure][2] && " %");
const clock = (week) => say("live.play.year", { year: num(Math.floor(Math.max(0, week - 1) / YEAR) + 1), of_year: num(Math.max(0, week - 1) % YEAR + 1) });

const part = (name, heading, about, ...inside) => h("section", { class: `part part-${name}`, "aria-labelledby": `h-${name}` },
  h("h2", { id: `h-${name}` }, heading), about ? h("p", { class: "about" }, about) : null, inside);

/* --- The state, which is in the address */

const scenario = () => DATA.scenarios[state.scenario];
const weeksOf = () => state.weeks ?? scenario().weeks;
const seedOf = () => state.seed ?? scenario().seed;
const sizeOf = (key) => state.city[key] ?? scenario().city[key];
const valueOf = (name) => state.set[name] ?? scenario().parameters[name] ?? CODEBOOK[name].value;
const ownLever = (reform, name) => (name === "start" ? 0 : REFORMS[reform].levers[name].default);
const leverOf = (reform, name) => { // null: left out
  const levers = state.levers[reform] ?? {};
  return name in levers ? levers[name] : ownLever(reform, name);
};

const fresh = (name) => ({
  scenario: name, lang: state?.lang ?? DATA.language ?? (navigator.language.startsWith("es") ? "es" : "en"), seed: null, weeks: null, city: {}, set: {}, levers: {},
  on: Object.keys(REFORMS), together: false, week: null, layer: "trust", shown: "levels", cell: null, person: null, topic: "trust",
});

/** What the address says; what of it cannot be is told and left out. */
function readAddress(address) {
  const asked = new URLSearchParams(address.slice(1)), wrong = [];
  const within = (key, low, high, whole) => {
    const value = Number(asked.get(key));
    const fine = asked.get(key) !== "" && Number.isFinite(value) && value >= low && value <= high && (!whole || Number.isInteger(value));
    if (!fine) wrong.push(`${key}=${asked.get(key)}`);
    return fine ? value : null;
  };
  state = fresh(DATA.scenarios[asked.get("scenario")] ? asked.get("scenario") : DATA.scenario);
  for (const [key, text] of asked) {
    const [first, rest] = [key.split(".")[0], key.slice(key.indexOf(".") + 1)];
    let value;
    if (key === "scenario" && DATA.scenarios[text]) continue;
    else if (key === "lang" && DATA.words[text]) state.lang = text;
    else if (key === "seed" && /^\d{1,19}$/.test(text) && BigInt(text) < 2n ** 63n) state.seed = text;
    else if (key === "weeks") state.weeks = within(key, least(), 5200, true);
    else if (first === "city" && DATA.city[rest]) {
      const [low, high, whole] = DATA.city[rest];
      if ((value = within(key, low, Math.min(high, MOST_ADULTS), whole)) !== null) state.city[rest] = value;
    } else if (key === "on") state.on = text.split(",").filter((name) => REFORMS[name]);
    else if (key === "together") state.together = text === "1";
    else if (key === "layer" && LAYERS[text]) state.layer = text;
    else if (key === "shown" && ["levels", "differences"].includes(text)) state.shown = text;
    else if (key === "topic" && Object.keys(CODEBOOK).some((name) => name.startsWith(`${text}.`))) state.topic = text;
    else if (key === "week") state.week = within(key, 0, 5200, true);
    else if (key === "cell" || key === "person") state[key] = within(key, 0, MOST_ADULTS - 1, true);
    else if (CODEBOOK[key]) {
      const { low, high, whole } = CODEBOOK[key];
      if ((value = within(key, low, high, whole)) !== null) state.set[key] = value;
    } else if (REFORMS[first]?.levers[rest]) {
      const told = REFORMS[first].levers[rest], left = told.optional && text === "";
      value = left ? null : told.choices ? (told.choices.includes(text) ? text : null) : within(key, told.low, told.high, told.whole);
      if (told.choices && value === null && !left) wrong.push(`${key}=${text}`);
      if (value !== null || left) (state.levers[first] ??= {})[rest] = value;
    } else wrong.push(`${key}=${text}`);
  }
  const cuts = ["survey.lower_cut", "survey.middle_cut", "survey.upper_cut"];
  if (!cuts.every((name, n) => n === 0 || valueOf(cuts[n - 1]) < valueOf(name))) {
    wrong.push(cuts.join(" < "));
    for (const name of cuts) delete state.set[name];
  }
  refused = wrong;
  words = DATA.words[state.lang];
}

/** The least number of weeks: all that the scenario dates must lie within. */
const least = () => Math.max(YEAR, ...scenario().changes.map((change) => change.week + 1));

/** What somebody moved, as [name in the address, from, to]. */
function moved() {
  const own = DATA.scenarios[state.scenario], made = [];
  for (const [name, value] of Object.entries(state.set)) made.push([name, own.parameters[name] ?? CODEBOOK[name].value, value]);
  for (const [key, value] of Object.entries(state.city)) made.push([`city.${key}`, own.city[key], value]);
  if (state.seed !== null) made.push(["seed", own.seed, state.seed]);
  if (state.weeks !== null) made.push(["weeks", own.weeks, state.weeks]);
  for (const [reform, levers] of Object.entries(state.levers)) {
    for (const [name, value] of Object.entries(levers)) {
      made.push([`${reform}.${name}`, ownLever(reform, name), value]);
    }
  }
  return made.filter(([, from, to]) => String(from) !== String(to));
}

/** The state, and where the page is, for a link and a reload. Browsers refuse an address that is written too often, so it is written when all
    rests (`remember`). A page that is left can no longer change its address, but it can leave what it would be. */
function writeAddress(leaving) {
  clearTimeout(resting);
  const told = new URLSearchParams();
  if (state.scenario !== DATA.scenario) told.set("scenario", state.scenario);
  told.set("lang", state.lang);
  for (const [name, , value] of moved()) told.set(name, value ?? "");
  if (state.on.length !== Object.keys(REFORMS).length) told.set("on", state.on.join(","));
  if (state.together) told.set("together", "1");
  if (state.layer !== "trust") told.set("layer", state.layer);
  if (state.shown !== "levels") told.set("shown", state.shown);
  if (state.topic !== "trust") told.set("topic", state.topic);
  for (const key of ["week", "cell", "person"]) if (state[key] !== null) told.set(key, state[key]);
  const middle = innerHeight / 2, seen = [...document.querySelectorAll(".part")].map((each) => [each.className, each.getBoundingClientRect()]);
  const [name, place] = seen.find(([, { top, bottom }]) => top <= middle && bottom > middle) ?? [];
  const here = root.dataset.run ? { name, top: place?.top } : { ...history.state }; // a page without its city is too short for where one was
  history.replaceState({ ...here, address: `#${told}` }, "", leaving ? undefined : `#${told}`);
}

function remember() {
  clearTimeout(resting);
  resting = setTimeout(() => writeAddress(false), 150);
}

/* --- Arms, and what is asked of the worker */

/** A reform as the scenario file has it. */
function reformOf(name) {
  const made = { start: 0 };
  for (const lever of Object.keys(REFORMS[name].levers)) {
    const value = leverOf(name, lever);
    if (value !== null) made[lever] = value;
  }
  return { [name]: made };
}

/** What is wrong with the record of complaints that a reform looks at; undefined if nothing is. */
const tooLong = (name) => recordTooLong(reformOf(name), scenario().spin_up_weeks);

/** Arms by their places: what each is called, and its reforms. The first is the scenario as it is. */
function arms() {
  const own = scenario().interventions, on = Object.keys(REFORMS).filter((name) => state.on.includes(name) && !tooLong(name));
  const beside = (names) => [...own.filter((reform) => !names.includes(Object.keys(reform)[0])), ...names.map(reformOf)];
  const made = [{ name: "baseline", label: own.length ? say("web.as_written") : words.reforms.baseline, reforms: own }];
  for (const name of on) made.push({ name, label: words.reforms[name], reforms: beside([name]) });
  if (state.together && on.length > 1) made.push({ name: "together", label: say("web.together"), reforms: beside(on) });
  return made.map((arm, place) => ({ ...arm, color: DATA.looks[place][0], dashes: DATA.looks[place][1] }));
}

/** Possible cities: values of draws by name, except of what somebody moved. */
function draws() {
  const columns = Object.entries(scenario().draws).filter(([name]) => !(name in state.set));
  const many = columns.length ? DATA.draws[columns[0][1]].length : 0;
  return Array.from({ length: many }, (_, n) => Object.fromEntries(columns.map(([name, at]) => [name, DATA.draws[at][n]])));
}

function job() {
  const own = scenario();
  return {
    city: { ...own.city, ...state.city }, weeks: weeksOf(), spin_up_weeks: own.spin_up_weeks, seed: seedOf(), changes: own.changes, stated: own.stated,
    values: Object.fromEntries(Object.keys(CODEBOOK).map((name) => [name, valueOf(name)])), arms: arms().map((arm) => arm.reforms),
    person: state.person, looks: true, cities: draws().map((values, replicate) => ({ values, replicate })),
  };
}

/** What takes a reader back to where the page was when it was left; before a city is lived it is too short for that. */
function backTo(left) {
  return left?.name && (() => scrollBy(0, document.getElementsByClassName(left.name)[0].getBoundingClientRect().top - left.top));
}

/** Live it anew, soon: while a lever moves, only the last is lived. What was lived before is no answer any more: what is on the screen stays,
    but nothing of it is drawn again, and what still comes of it is not heard. */
function ask(wait = 120) {
  clearTimeout(timer);
  run += 1;
  [lived, cities] = [[], []];
  remember();
  release(tellMoved);
  root.setAttribute("aria-busy", "true");
  timer = setTimeout(() => {
    worker.postMessage({ run, ...job() });
    by("status").textContent = say("web.living");
  }, wait);
}

worker.onmessage = ({ data }) => {
  if (data.ready) return ask(0);
  if (data.run !== run) return;
  if (data.failed) return fail(data.failed);
  if (data.series) {
    if (data.arm === 0) [lived, cities] = [[], []];
    lived[data.arm] = data;
    if (lived.length === arms().length) {
      by("status").textContent = "";
      root.removeAttribute("aria-busy");
      root.dataset.run = run;
    }
    if (data.arm === 0 || lived.length === arms().length) draw();
    if (lived.length === arms().length) then = void then?.();
  } else if (data.lived) {
    cities.push(data.lived);
    if (cities.length % SAMPLE === 0 && !playing) drawBands();
  } else if (data.done && !playing) drawBands();
};
worker.onerror = (event) => fail(event.message);

function fail(message) {
  root.removeAttribute("aria-busy");
  refused = [message];
  tellMoved();
}

/* --- Reading what was lived */

const now = () => Math.min(state.week ?? weeksOf(), weeksOf());

function at(series, measure, week) {
  if (measure !== "trusting") return series[measure][week];
  const told = series.trusting.filter(([when]) => when <= week);
  return told.length ? told[told.length - 1][1] : NaN;
}

/** Between which values nine of ten possible cities lie, of what is read of a city's arms; null while there are too few. */
function range(read) {
  const values = Float64Array.from(cities, read).filter(Number.isFinite);
  return values.length < 20 ? null : [quantile(values, 0.05), quantile(values, 0.95)];
}

/** A measure of an arm in every pictured week: [week, value], the difference from the first arm if that is shown. */
function line(measure, place) {
  const less = state.shown === "differences", made = [];
  const step = measure === "trusting" ? SURVEY : 1;
  for (let week = 0; week <= weeksOf(); week += step) {
    made.push([week, at(lived[place].series, measure, week) - (less ? at(lived[0].series, measure, week) : 0)]);
  }
  return made;
}

function band(measure, place) {
  const less = state.shown === "differences", made = [];
  for (let week = 0; week <= weeksOf(); week += measure === "trusting" ? SURVEY : 2 * PICTURE) {
    const ends = range((city) => at(city[place], measure, week) - (less ? at(city[0], measure, week) : 0));
    if (ends) made.push([week, ...ends]);
  }
  return made;
}

/* --- Charts */

/** Round ticks of an axis, about so many. */
function ticks(low, high, many) {
  const rough = (high - low) / many || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((nice) => nice * power >= rough);
  const made = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) made.push(n * step);
  return { made, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (String(step / power).startsWith("2.5") ? 1 : 0)) };
}

/** Lines over weeks, with bands; a click chooses the week. `scale` multiplies what is written at the axis. */
function chart(box, label, lines, scale = 1) {
  const width = Math.max(280, box.clientWidth), height = 190, [left, right, top, bottom] = [52, 10, 10, 24], weeks = weeksOf();
  const all = lines.flatMap((each) => [...each.values.map(([, value]) => value), ...(each.band || []).flatMap(([, ...ends]) => ends)]).filter(Number.isFinite);
  if (!all.length) return box.replaceChildren();
  let [low, high] = [Math.min(...all), Math.max(...all)];
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) / 10, high + Math.abs(high) / 10];
  const pad = (high - low) * 0.06, x = (week) => left + (width - left - right) * week / weeks;
  [low, high] = [low >= 0 && low - pad < 0 ? 0 : low - pad, high + pad];
  const y = (value) => top + (height - top - bottom) * (high - value) / (high - low), draws = [];
  const marks = ticks(low * scale, high * scale, 4);
  for (const mark of marks.made) {
    draws.push(svg("line", { x1: left, x2: width - right, y1: y(mark / scale), y2: y(mark / scale), class: "grid" }),
      svg("text", { x: left - 6, y: y(mark / scale) + 4, "text-anchor": "end" }, num(mark, marks.digits)));
  }
  const years = ticks(0, weeks / YEAR, 5);
  for (const year of years.made) draws.push(svg("text", { x: x(year * YEAR), y: height - 6, "text-anchor": "middle" }, num(year, years.digits)));
  const path = (points) => points.map(([week, value], n) => `${n ? "L" : "M"}${x(week).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  for (const { band: ends, color } of lines) {
    if (ends && ends.length) draws.push(svg("path", { d: `${path(ends.map(([w, one]) => [w, one]))}L${path(ends.map(([w, , two]) => [w, two]).reverse()).slice(1)}Z`, fill: color, "fill-opacity": 0.13 }));
  }
  for (const { values, color, dashes } of [...lines].reverse()) {
    draws.push(svg("path", { d: path(values.filter(([, value]) => Number.isFinite(value))), stroke: color, class: "line", "stroke-dasharray": dashes.length ? dashes.join(" ") : null }));
  }
  draws.push(svg("line", { class: "cursor", x1: x(now()), x2: x(now()), y1: top, y2: height - bottom }));
  const made = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, draws);
  box.onclick = ({ clientX }) => { // and not what is made anew in it
    const seen = box.firstChild.getBoundingClientRect(), place = (clientX - seen.left) * width / seen.width;
    goTo(Math.round((place - left) / (width - left - right) * weeks));
  };
  made.dataset.from = left;
  made.dataset.span = width - left - right;
  box.replaceChildren(made);
}

/** The lines of all arms that have been lived. */
const lines = (values, bands) => arms().slice(0, lived.length).map((arm, place) => ({ ...arm, values: values(place), band: bands ? bands(place) : null }));

function drawChart(measure) {
  const said = arms().slice(0, lived.length).map((arm, place) => `${arm.label} ${shown(measure, at(lived[place].series, measure, now()))}`).join("; ");
  chart(by(`chart-${measure}`), `${titleOf(measure)}. ${say("live.play.clock", { week: num(now()) })}: ${said}`,
    lines((place) => line(measure, place), (place) => band(measure, place)), MEASURES[measure][1]);
}

const drawCharts = () => Object.keys(lived.length ? MEASURES : {}).forEach(drawChart);

const titleOf = (measure) => (measure === "trusting" ? say("web.trusting_title") : say(`charts.${measure}_title`));
const unitOf = (measure) => (measure === "trusting" ? say("web.trusting_unit") : say(`charts.${measure}_unit`));

/* --- The answer, and why */

const swatch = (arm) => svg("svg", { viewBox: "0 0 30 10", class: "swatch", "aria-hidden": "true" },
  svg("line", { x1: 0, x2: 30, y1: 5, y2: 5, stroke: arm.color, "stroke-width": 3, "stroke-dasharray": arm.dashes.length ? arm.dashes.join(" ") : null }));

/** In which doses an arm has its reforms: how much, how long, how often, and what somebody moved. */
const dosesOf = (arm) => arm.reforms.flatMap((reform) => Object.entries(reform)).flatMap(([name, told]) => {
  const keys = [REFORMS[name].dose, "hours", "every", ...told.start ? ["start"] : [], ...Object.keys(state.levers[name] ?? {})];
  return [...new Set(keys)].filter((key) => (told[key] ?? null) !== null)
    .map((key) => `${words.levers[`${name}.${key}`][0]}: ${typeof told[key] === "number" ? num(told[key]) : look(`choices.${told[key]}`) ?? told[key]}`);
}).join("; ");

/** A cost in thousand pesos of the whole city, as pesos an adult and year, or in so many weeks if they are fewer. */
const each = (cost, week) => {
  const weeks = { duration: say(week === 1 ? "duration.week" : "duration.weeks", { n: week }) }, year = week >= YEAR;
  const unit = say("paid.money", { span: year ? say("paid.year") : say("paid.weeks", weeks) });
  return `${num(1000 * cost / sizeOf("adults") / (year ? week / YEAR : 1), 1)} ${unit}`;
};

function drawAnswer() {
  const week = now(), [first] = lived, coming = cities.length < 20 && draws().length;
  const rows = arms().slice(0, lived.length).map((arm, place) => h("tr", {}, h("th", { scope: "row" }, swatch(arm), arm.label, h("small", {}, dosesOf(arm))),
    Object.keys(MEASURES).map((measure) => {
      const value = at(lived[place].series, measure, week), less = (of) => (place ? at(of, measure, week) : 0);
      const level = place === 0 && range((city) => at(city[0], measure, week));
      const change = place && range((city) => at(city[place], measure, week) - at(city[0], measure, week));
      const round = (number) => Number((number * MEASURES[measure][1]).toFixed(MEASURES[measure][0])); // as it is shown
      const ends = (told, own, sign) => say(round(own) < round(told[0]) || round(own) > round(told[1]) ? "web.ends_beside" : "web.ends", { low: shown(measure, told[0], sign), high: shown(measure, told[1], sign) });
      return h("td", { "data-label": `${titleOf(measure)}, ${unitOf(measure)}`, "data-measure": measure, "data-value": value }, h("b", {}, shown(measure, value)),
        place ? h("span", {}, shown(measure, value - less(first.series), true)) : null,
        level || change ? h("small", {}, ends(level || change, value - less(first.series), Boolean(place)))
          : coming ? h("small", { class: "coming" }, ends([value, value], value, Boolean(place))) : null, // as much room, so that nothing below moves
        measure === "cost" && place && week ? h("span", {}, each(value, week)) : null);
    })));
  const heads = Object.keys(MEASURES).map((measure) => h("th", { scope: "col" }, titleOf(measure), h("small", {}, unitOf(measure))));
  refill("answer", [h("p", { class: "about" }, say("web.unlike_report"), " ", citiesSaid()), h("table", { class: "answers" }, h("caption", {}, say("web.answer_caption", { week: num(week), clock: clock(week) })),
    h("thead", {}, h("tr", {}, h("td", {}), heads)), h("tbody", {}, rows))]);
}

function citiesSaid() {
  const of = scenario().posterior, name = DATA.words[state.lang].scenarios[of]?.[0] ?? of;
  return cities.length < 20 ? say("web.cities_coming") : say("web.cities", { cities: num(cities.length), name });
}

function drawLedger() {
  const week = now(), many = DATA.causes.length, told = arms().slice(0, lived.length);
  const less = state.shown === "differences";
  const value = (place, cause) => lived[place].series.ledger[week * many + cause] - (less ? lived[0].series.ledger[week * many + cause] : 0);
  const most = Math.max(1e-9, ...told.flatMap((_, place) => DATA.causes.map((_, cause) => Math.abs(value(place, cause)))));
  const cell = (amount, color) => h("td", {}, num(amount, 3, true),
    color ? svg("svg", { viewBox: "-50 0 100 6", preserveAspectRatio: "none", class: "bar", "aria-hidden": "true" },
      svg("rect", { x: Math.min(0, 50 * amount / most), y: 0, width: 50 * Math.abs(amount) / most, height: 6, fill: color }),
      svg("rect", { x: -0.4, y: 0, width: 0.8, height: 6, fill: "#1c2430" })) : null);
  const sum = (place) => DATA.causes.reduce((all, _, cause) => all + value(place, cause), 0);
  refill("ledger", [h("table", { class: "ledger" }, h("caption", {}, say(less ? "web.ledger_apart" : "charts.ledger_unit")),
    h("thead", {}, h("tr", {}, h("td", {}), told.map((arm) => h("th", { scope: "col" }, swatch(arm), arm.label)))),
    h("tbody", {}, DATA.causes.map(([cause, color], n) => h("tr", {}, h("th", { scope: "row" }, say(`charts.${cause}`)), told.map((_, place) => cell(value(place, n), color)))),
      h("tr", { class: "sum" }, h("th", { scope: "row" }, say("charts.net")), told.map((_, place) => cell(sum(place))))))]);
}

/* --- Maps */

const picture = () => Math.floor(now() / PICTURE);

/** What colors the cells of an arm. */
function layer(place) {
  const { places } = lived[place], n = picture();
  if (state.layer === "crime") {
    const before = places.crimes[Math.max(0, n - YEAR / PICTURE)];
    return Float64Array.from(places.crimes[n], (crimes, cell) => crimes - before[cell]);
  }
  return state.layer === "trust" ? places.trust[n] : places.trust[n].map((trust, cell) => trust - lived[0].places.trust[n][cell]);
}

/** The ends of the scale, the same in all arms; `values` by arm. */
function ends(values) {
  const [{ length }] = values, all = new Float64Array(values.length * length), quantile = (share) => all[Math.floor(share * (all.length - 1))];
  values.forEach((each, n) => all.set(each, n * length));
  all.sort();
  if (state.layer === "crime") return [0, Math.max(1, quantile(0.99))];
  if (state.layer === "trust") return [Math.max(0, Math.round(20 * (quantile(0.02) - 0.05)) / 20), Math.min(1, Math.round(20 * (quantile(0.98) + 0.05)) / 20)];
  const most = Math.max(Math.abs(quantile(0.01)), Math.abs(quantile(0.99)));
  const end = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((step) => step >= most) ?? 1;
  return [-end, end];
}

const rgb = (color) => [1, 3, 5].map((n) => parseInt(color.slice(n, n + 2), 16));

/** The color of a share of a scale. */
function colored(anchors, share) {
  const place = Math.min(Math.max(share, 0), 1) * (anchors.length - 1), n = Math.min(Math.floor(place), anchors.length - 2);
  const [one, other] = [rgb(anchors[n]), rgb(anchors[n + 1])];
  return one.map((channel, k) => channel + (place - n) * (other[k] - channel));
}

/** 256 colors of each scale, as a canvas has them. */
const SHADES = Object.fromEntries(Object.entries(LAYERS).map(([key, anchors]) => [key, new Uint32Array(Uint8ClampedArray.from(
  Array.from({ length: 256 }, (_, n) => [...colored(anchors, n / 255), 255]).flat()).buffer)]));

function drawMaps() {
  const all = lived.map((_, place) => layer(place)), [low, high] = ends(all), anchors = LAYERS[state.layer], shades = SHADES[state.layer];
  painted = picture();
  arms().slice(0, lived.length).forEach((arm, place) => {
    const canvas = by(`map-${place}`);
    if (!canvas) return;
    const { width, height } = lived[place].sizes, context = canvas.getContext("2d"), image = context.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    all[place].forEach((value, cell) => {
      const share = Math.min(Math.max((value - low) / (high - low), 0), 1);
      pixels[cell] = shades[Math.round(255 * (state.layer === "crime" ? Math.sqrt(share) : share))];
    });
    context.putImageData(image, 0, 0);
    canvas.setAttribute("aria-label", say("live.maps.alt", { arm: arm.label, layer: say(`live.maps.layers.${state.layer}`), week: num(now()) }));
    const mark = by(`mark-${place}`);
    mark.hidden = state.cell === null || state.cell >= width * height;
    if (!mark.hidden) {
      Object.assign(mark.style, {
        left: `${100 * (state.cell % width) / width}%`, top: `${100 * Math.floor(state.cell / width) / height}%`, width: `${100 / width}%`, height: `${100 / height}%`,
      });
    }
  });
  const of = [state.layer, low, high, arms()[0].label].join(); // it is seldom another
  if (by("legend").dataset.of === of) return;
  by("legend").dataset.of = of;
  const digits = state.layer === "crime" ? 0 : 2, name = state.layer === "difference" ? "legend_difference" : `legend_${state.layer}`;
  refill("legend", [h("span", {}, num(low, digits)), svg("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", class: "scale", "aria-hidden": "true" },
    Array.from({ length: 50 }, (_, n) => svg("rect", { x: 2 * n, width: 2.1, height: 8, fill: `rgb(${colored(anchors, state.layer === "crime" ? Math.sqrt(n / 49) : n / 49).map(Math.round)})` }))),
  h("span", {}, num(high, digits)), h("span", { class: "about" }, say(`charts.${name}`, { first: arms()[0].label }))]);
}

function choose(cell) {
  state.cell = cell;
  remember();
  if (!lived.length) return;
  drawMaps();
  drawPlace();
  by("status").textContent = cell === null ? "" : by("place").firstChild.textContent; // who does not see the page hears it
  if (cell !== null) for (const seen of [by("place"), by("place").firstChild]) seen.scrollIntoView({ block: "nearest" });
}

/** Arrows walk over the map. */
function walk(event) {
  if (!lived.length) return;
  const { width, height } = lived[0].sizes, step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width }[event.key];
  if (!step) return;
  event.preventDefault();
  const cells = width * height;
  choose(state.cell === null ? Math.floor(cells / 2) : (state.cell + step + cells) % cells);
}

/* --- A place and a person */

const resident = (cell, n) => {
  const { citizens, cells } = lived[0].sizes, first = Math.floor((cell * citizens + cells - 1) / cells);
  return first + n % Math.max(1, Math.floor(((cell + 1) * citizens + cells - 1) / cells) - first);
};

function drawPlace() {
  if (!lived.length || !by("place")) return;
  const told = arms().slice(0, lived.length), { width, cells } = lived[0].sizes, parts = [];
  if (state.cell !== null && state.cell < cells) {
    const c = state.cell, n = picture();
    parts.push(h("h3", {}, say("charts.cell_title", { row: num(Math.floor(c / width) + 1), column: num(c % width + 1) })),
      h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": say("live.inspect.heading") }, h("table", { class: "plain" }, h("thead", {}, h("tr", {}, h("td", {}), ["trust", "crimes", "stops"].map((key) => h("th", { scope: "col" }, say(`live.inspect.${key}`))))),
        h("tbody", {}, told.map((arm, place) => {
          const { trust, crimes, stops } = lived[place].places;
          return h("tr", {}, h("th", { scope: "row" }, swatch(arm), arm.label), h("td", {}, num(trust[n][c], 3)), h("td", {}, num(crimes[n][c] - crimes[0][c])), h("td", {}, num(stops[n][c] - stops[0][c])));
        })))),
      h("div", { class: "chart", id: "chart-cell" }),
      h("button", { id: "neighbor", type: "button", onclick: () => meet(resident(c, state.person === null ? 0 : state.person + 1)) }, say("live.inspect.random")));
  }
  if (state.person !== null && lived.every((arm) => arm.life.length)) {
    parts.push(h("h3", {}, say("live.inspect.citizen", { number: num(state.person) })), h("div", { class: "chart", id: "chart-person" }),
      h("ul", { class: "events" }, told.map((arm, place) => h("li", {}, swatch(arm), h("b", {}, arm.label), ": ", happened(place)))));
  }
  if (state.cell !== null || state.person !== null) {
    parts.push(h("button", { id: "nobody", type: "button", onclick: () => { state.person = null; choose(null); } }, say("live.inspect.close")));
  }
  refill("place", parts);
  if (by("chart-cell")) chart(by("chart-cell"), say("charts.cell_unit"), lines((place) => lived[place].places.trust.map((trust, n) => [n * PICTURE, trust[state.cell]])));
  if (by("chart-person")) chart(by("chart-person"), say("charts.citizen_unit"), lines((place) => lived[place].life.map(([week, trust]) => [week, trust])));
}

/** What happened to the person until the week: what of it was seen at a picture, which shows the last of each kind. */
function happened(place) {
  const spin = scenario().spin_up_weeks, told = [];
  for (const [n, kind] of ["stopped", "corrupt", "victim"].entries()) {
    const weeks = [...new Set(lived[place].life.filter(([week]) => week <= now()).map((seen) => seen[2 + n] - spin))].filter((week) => week >= 0);
    if (weeks.length) told.push(`${say(`charts.${kind}`)} (${weeks.map((week) => say("live.play.clock", { week: num(week + 1) })).join(", ")})`);
  }
  return told.join("; ") || say("web.nothing");
}

function meet(person) {
  state.person = person;
  then = () => document.querySelector(".events")?.scrollIntoView({ block: "nearest" });
  ask(0);
}

/* --- Drawing */

/** One after the other, a frame each, unless something else has been asked. */
function inFrames(acts) {
  const asked = run;
  requestAnimationFrame(() => {
    if (run !== asked || !lived.length) return;
    acts[0]();
    if (acts.length > 1) inFrames(acts.slice(1));
  });
}

/** What possible cities are seen in: no more, because what is made anew under a finger misses its click. */
function drawBands(...before) {
  const many = cities.length;
  inFrames([...before, drawAnswer, ...Object.keys(MEASURES).map((measure) => () => drawChart(measure)), () => { root.dataset.cities = many; }]);
}

function draw() {
  if (!lived.length) return;
  drawAnswer();
  drawCharts();
  root.dataset.cities = cities.length;
  drawLedger();
  if (!by("map-0") || by("maps").childElementCount !== arms().length) fillMaps();
  drawMaps();
  release(drawPlace);
  tellWeek();
}

function tellWeek() {
  const slider = by("week");
  slider.max = weeksOf();
  slider.value = now();
  slider.setAttribute("aria-valuetext", `${say("live.play.clock", { week: num(now()) })}, ${clock(now())}`);
  by("clock").replaceChildren(h("b", {}, say("live.play.clock", { week: num(now()) })), " ", h("span", {}, clock(now())));
}

/** Another week: only what depends on it is drawn. */
function goTo(week) {
  state.week = Math.min(Math.max(0, week), weeksOf());
  tellWeek();
  if (!playing) remember();
  if (!lived.length) return;
  for (const made of document.querySelectorAll(".chart svg")) {
    const cursor = made.querySelector(".cursor"), x = Number(made.dataset.from) + Number(made.dataset.span) * now() / weeksOf();
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
  }
  if (playing && picture() === painted) return;
  drawMaps();
  if (playing) return;
  drawAnswer();
  drawLedger();
  drawPlace();
}

/** Playing has ended: what waited for it is drawn, and possible cities that came meanwhile. */
function stop() {
  remember();
  tellPlay();
  drawBands(drawMaps, drawLedger, () => release(drawPlace));
}

function play() {
  if (playing) {
    cancelAnimationFrame(playing);
    playing = 0;
    return stop();
  }
  let began = null;
  const from = now() >= weeksOf() ? 0 : now(), frame = (when) => {
    began ??= when;
    const week = from + Math.floor((when - began) / 1000 * YEAR);
    if (week !== now()) goTo(week);
    playing = week < weeksOf() ? requestAnimationFrame(frame) : 0;
    if (!playing) stop();
  };
  playing = requestAnimationFrame(frame);
  tellPlay();
}

const tellPlay = () => { by("play").textContent = say(playing ? "live.play.pause" : "live.play.play"); };

/* --- What can be done */

function changeSet(holder, key, own, value) {
  if (String(value) === String(own)) delete holder[key];
  else holder[key] = value;
  ask();
}

function fillNumbers() {
  const topics = [...new Set(Object.keys(CODEBOOK).map((name) => name.split(".")[0]))];
  const names = Object.keys(CODEBOOK).filter((name) => name.startsWith(`${state.topic}.`));
  refill("numbers", [
    h("label", { for: "topic" }, say("live.parameters.topic")),
    h("select", { id: "topic", onchange: (event) => { state.topic = event.target.value; remember(); fillNumbers(); } },
      topics.map((topic) => h("option", { value: topic, selected: topic === state.topic }, say(`live.topics.${topic}`)))),
    names.map((name) => {
      const { value, low, high, whole } = CODEBOOK[name], [text, unit, source, status] = words.parameters[name], own = scenario().parameters[name] ?? value;
      return lever(name, {
        label: text.split(". ")[0], value: valueOf(name), low, high, whole, unit,
        facts: say("live.parameters.facts", { low: num(low), high: num(high), value: num(value), status }), detail: say("live.parameters.detail", { text, name, source }),
      }, (given) => changeSet(state.set, name, own, given));
    })]);
}

function fillCity() {
  const seed = h("input", { type: "text", inputmode: "numeric", id: "seed", value: seedOf(), onchange: (event) => {
    const text = event.target.value.trim(), fine = /^\d{1,19}$/.test(text) && BigInt(text) < 2n ** 63n;
    event.target.setAttribute("aria-invalid", String(!fine));
    if (!fine) return;
    state.seed = text === scenario().seed ? null : text;
    ask();
  } });
  const size = (key) => {
    const [low, high, whole] = DATA.city[key];
    return lever(`city.${key}`, { label: words.city[key], value: sizeOf(key), low, high: Math.min(high, MOST_ADULTS), whole, facts: say("live.city.bounds", { low: num(low), high: num(Math.min(high, MOST_ADULTS)) }), detail: "", slider: false },
      (given) => { state.cell = state.person = null; changeSet(state.city, key, scenario().city[key], given); });
  };
  refill("city", [h("div", { class: "lever" }, h("label", { for: "seed" }, say("live.city.seed")), h("div", { class: "row" }, seed,
    h("button", { type: "button", id: "other-luck", onclick: () => { state.seed = String(BigInt(seedOf()) + 1n); fillCity(); ask(); } }, say("web.other_luck"))), h("p", { class: "about" }, say("live.city.seed_facts"))),
  lever("weeks", { label: say("web.weeks"), value: weeksOf(), low: least(), high: 1040, whole: true, facts: say("live.city.bounds", { low: num(least()), high: num(1040) }), detail: "", slider: false },
    (given) => { state.weeks = given === scenario().weeks ? null : given; state.week = null; ask(); }),
  Object.keys(DATA.city).map(size)]);
}

function fillReforms() {
  refill("reforms", [Object.keys(REFORMS).map((name) => {
    const on = state.on.includes(name), label = words.reforms[name], { dose, levers } = REFORMS[name];
    const does = say(on ? "live.reforms.turn_off" : "live.reforms.turn_on"); // what pressing does
    const one = (key) => reformLever(`${name}.${key}`, levers[key], { value: leverOf(name, key), weeks: weeksOf() }, (given) => {
      ((state.levers[name] ??= {})[key] = given);
      ask();
    });
    return h("div", { class: `reform${on ? " reform-on" : ""}`, "data-reform": name }, h("div", { class: "row" }, h("h3", {}, label, " ", h("small", {}, say(on ? "live.reforms.is_on" : "live.reforms.is_off"))),
      h("button", { type: "button", class: "switch", id: `switch-${name}`, "aria-label": `${does}: ${label}`, onclick: () => {
        state.on = on ? state.on.filter((each) => each !== name) : [...state.on, name];
        fillReforms();
        ask(0);
      } }, does)),
    h("p", { class: "about" }, say(`live.reforms.texts.${name}`)), one(dose),
    h("details", { class: "more" }, h("summary", {}, say("live.reforms.more")), Object.keys(levers).filter((key) => ![dose, "until"].includes(key)).map(one)));
  }), h("label", { class: "check" }, h("input", { type: "checkbox", id: "together", checked: state.together, onchange: (event) => { state.together = event.target.checked; ask(0); } }), say("web.also_together"))]);
}

function fillMaps() {
  by("maps").replaceChildren(...arms().map((arm, place) => h("figure", {}, h("figcaption", {}, swatch(arm), arm.label),
    h("div", { class: "map" }, h("canvas", { id: `map-${place}`, tabindex: 0, role: "img", onkeydown: walk, onclick: (event) => {
      if (!lived.length) return;
      const seen = event.target.getBoundingClientRect(), { width, height } = lived[0].sizes;
      const [x, y] = [Math.floor((event.clientX - seen.left) / seen.width * width), Math.floor((event.clientY - seen.top) / seen.height * height)];
      choose(Math.min(y, height - 1) * width + Math.min(x, width - 1));
    } }), h("div", { class: "mark", id: `mark-${place}`, hidden: true })))));
}

/* --- A scenario file of it */

/** A number as YAML reads it again to the last bit. */
const written = (value) => (typeof value === "number" ? String(value).replace(/^(-?\d+)e/, "$1.0e") : JSON.stringify(value));
const flow = (value) => (Array.isArray(value) ? `[${value.map(flow).join(", ")}]` : value !== null && typeof value === "object"
  ? `{${Object.entries(value).map(([key, each]) => `${/^[A-Za-z_][\w.]*$/.test(key) ? key : JSON.stringify(key)}: ${flow(each)}`).join(", ")}}` : written(value));

/** An arm as a file for `confianza run`: what is moved, said, beside what it extends. */
function yaml(arm) {
  const own = scenario(), changed = moved().filter(([name]) => !REFORMS[name.split(".")[0]]), label = arm.name === "baseline" ? "" : `, ${arm.label}`;
  const name = `${words.scenarios[state.scenario][0]}${label}`.slice(0, 90) + (changed.length ? ` (${say("web.moved_short")})` : "");
  const head = [say("web.file_made", { version: DATA.version, scenario: state.scenario }), ...changed.map(([key, from, to]) => say("web.file_moved", { name: key, from, to }))];
  const lines_ = head.map((line_) => `# ${line_.replace(/\s+/g, " ")}`), put = (key, value) => lines_.push(`${key}: ${flow(value)}`);
  const whole = own.whole ? { ...own.whole } : null;
  if (!whole) put("extends", state.scenario);
  const made = { ...(whole ?? {}), name, city: { ...(whole ? whole.city : {}), ...state.city }, weeks: weeksOf(), parameters: { ...(whole ? whole.parameters : {}), ...state.set }, interventions: arm.reforms };
  if (whole) made.sources = Object.fromEntries(Object.entries(whole.sources ?? {}).filter(([key]) => !(key in state.set) && !(key.slice(5) in state.city && key.startsWith("city."))));
  for (const [key, value] of Object.entries(made)) if (key !== "seed") put(key, value);
  lines_.push(`seed: ${seedOf()}`);
  return `${lines_.join("\n")}\n`;
}

function download() {
  const arm = arms()[Number(by("which").value)], name = `${state.scenario}-${arm.name}.yaml`.replace(/[^\w.-]+/g, "-");
  h("a", { download: name, href: `data:text/yaml;charset=utf-8,${encodeURIComponent(yaml(arm))}` }).click();
}

function fillKeep() {
  const before = by("which")?.value ?? "0";
  refill("keep", [h("label", { for: "which" }, say("live.save.arm")), h("select", { id: "which", onchange: fillKeep }, arms().map((arm, place) => h("option", { value: place, selected: String(place) === before }, arm.label))),
    h("button", { type: "button", id: "download", onclick: download }, say("web.download")),
    h("details", {}, h("summary", {}, say("web.see_file")), h("pre", { id: "file", tabindex: 0 }, yaml(arms()[Math.min(Number(before), arms().length - 1)])))]);
}

/** What a number is called that somebody moved. */
function called(name) {
  const [reform, key] = name.split(".");
  if (CODEBOOK[name]) return words.parameters[name][0].split(". ")[0];
  if (REFORMS[reform]) return `${words.reforms[reform]}: ${words.levers[name][0]}`;
  return words.city[key] ?? say({ seed: "live.city.seed", weeks: "web.weeks" }[name]);
}

const asText = (value) => (typeof value === "number" ? num(value) : value ?? say("live.reforms.none"));

/** What was moved, and what cannot be. */
function tellMoved() {
  const told = moved();
  refill("moved", [told.length ? h("div", { class: "moved" }, h("p", {}, h("b", {}, say("web.moved"))), h("ul", {}, told.map(([name, from, to]) => h("li", {}, say("web.moved_one", { what: called(name), name, from: asText(from), to: asText(to) })))),
    h("button", { type: "button", id: "put-back", onclick: () => { const { lang, scenario: name } = state; state = { ...fresh(name), lang }; build(); ask(0); } }, say("web.put_back"))) : null,
  refused.length ? h("div", { class: "refused", role: "alert" }, h("p", {}, say("live.page.refused"), " ", refused.join("; "))) : null,
  state.on.map(tooLong).filter(Boolean).map((told_) => h("div", { class: "refused", role: "alert" }, h("p", {}, told_)))]);
  if (by("keep")) fillKeep();
}

/* --- The page */

const STEPS = ["part-answer", "part-charts", "part-reforms", "part-maps", "part-numbers"];

function guide() {
  let n = 0;
  const text = h("p", {}, look("web.guide")[0]), count = h("span", { class: "about" }), next = h("button", { type: "button", id: "guide-next", onclick: () => step(n + 1) }, say("web.guide_next"));
  const step = (to) => {
    document.querySelector(".pointed")?.classList.remove("pointed");
    if (to > STEPS.length) return by("guide").open = false;
    n = to;
    text.textContent = look("web.guide")[n];
    count.textContent = `${n} / ${STEPS.length}`;
    const seen = document.querySelector(`.${STEPS[n - 1]}`);
    seen?.classList.add("pointed");
    seen?.scrollIntoView({ block: "center" });
    next.textContent = say(n === STEPS.length ? "web.guide_end" : "web.guide_next");
  };
  return h("details", { id: "guide", class: "guide" }, h("summary", {}, say("web.guide_title")), h("div", { role: "status" }, text), h("div", { class: "row" }, next, count));
}

function build() {
  words = DATA.words[state.lang];
  const [name, question] = words.scenarios[state.scenario], names = Object.keys(DATA.scenarios), other = Object.keys(DATA.words).find((each) => each !== state.lang);
  document.documentElement.lang = state.lang;
  document.title = say("web.title", { name });
  const radio = (group, value, label) => h("label", { class: "check" }, h("input", { type: "radio", name: group, value, id: `${group}-${value}`, checked: state[group] === value, onchange: () => { state[group] = value; remember(); draw(); } }), label);
  root.replaceChildren(
    h("header", {}, h("div", { class: "row head" }, h("h1", {}, name), h("button", { type: "button", id: "language", lang: other, onclick: () => { state.lang = other; remember(); build(); draw(); by("language").focus(); } }, say("live.page.other_language"))),
      h("p", { class: "question" }, question), h("p", { class: "about" }, say("web.about")),
      h("div", { class: "row" }, h("label", { for: "scenario" }, say("web.scenario")), h("select", { id: "scenario", onchange: (event) => { state = fresh(event.target.value); refused = []; build(); ask(0); } },
        names.map((key) => h("option", { value: key, selected: key === state.scenario }, words.scenarios[key][0])))), guide()),
    h("div", { id: "moved" }),
    h("div", { class: "bar" }, h("button", { type: "button", class: "primary", id: "play", onclick: play }, say(playing ? "live.play.pause" : "live.play.play")),
      h("input", { type: "range", id: "week", min: 0, max: weeksOf(), step: 1, value: now(), "aria-label": say("web.week"), oninput: (event) => goTo(Number(event.target.value)) }), h("p", { id: "clock" }), h("p", { id: "status", role: "status" })),
    h("div", { class: "columns" },
      h("div", { class: "seen" },
        part("answer", say("web.answer"), null, h("div", { id: "answer" })),
        part("charts", say("live.charts.heading"), say("web.charts_about"), h("div", { class: "row", role: "radiogroup", "aria-label": say("live.charts.heading") }, radio("shown", "levels", say("web.levels")), radio("shown", "differences", say("web.differences"))),
          h("div", { class: "charts" }, Object.keys(MEASURES).map((measure) => h("figure", {}, h("figcaption", {}, h("h3", {}, titleOf(measure)), h("p", { class: "about" }, `${unitOf(measure)}; ${say("charts.years")}`)), h("div", { class: "chart", id: `chart-${measure}` }))))),
        part("ledger", say("live.ledger.heading"), say("web.ledger_about"), h("div", { id: "ledger" })),
        part("maps", say("live.maps.heading"), `${say("web.maps_about")} ${words.scenarios[state.scenario][2]}`, h("div", { class: "row", role: "radiogroup", "aria-label": say("live.maps.layer") }, Object.keys(LAYERS).map((key) => radio("layer", key, say(`live.maps.layers.${key}`)))),
          h("div", { id: "legend", class: "legend" }), h("div", { id: "maps", class: "maps" }), h("div", { id: "place" }))),
      h("div", { class: "done" },
        Object.keys(REFORMS).length ? part("reforms", say("live.reforms.heading"), say("web.reforms_about"), h("div", { id: "reforms" })) : null,
        part("numbers", say("live.parameters.heading"), say("web.numbers_about"), h("div", { id: "numbers" })),
        part("city", say("live.city.heading"), null, h("div", { id: "city" })),
        part("keep", say("live.save.heading"), say("web.keep_about"), h("div", { id: "keep" })))),
    h("footer", {}, h("p", { class: "about" }, say("web.made", { version: DATA.version }))));
  if (by("reforms")) fillReforms();
  fillNumbers();
  fillCity();
  tellMoved();
  tellWeek();
}

addEventListener("hashchange", ({ newURL }) => { readAddress(new URL(newURL).hash); build(); ask(0); });
addEventListener("resize", () => { drawCharts(); drawPlace(); });
addEventListener("scroll", remember);
addEventListener("beforeunload", () => writeAddress(true));
// Who scrolls or types before the city has been lived is not taken elsewhere when it has been.
for (const moment of ["wheel", "touchmove", "keydown"]) addEventListener(moment, () => { then = undefined; }, { passive: true });
history.scrollRestoration = "manual"; // the browser's own, which goes by pixels, would come in between
readAddress(history.state?.address ?? location.hash);
build();
worker.postMessage({ module: moduleOf(DATA.module), layout: DATA.layout, reforms: REFORMS });
