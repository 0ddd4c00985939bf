/* The part of a report in which its city lives again: doses, dates and numbers of the model can be moved, and the card beside them follows.
   Nothing is read or lived before somebody opens it. */

function openLive() {
  const DATA = JSON.parse(by("live-data").textContent), { arms: ARMS, weeks, spin_up_weeks: spinUp } = DATA, many = DATA.luck.length;
  const CODEBOOK = Object.fromEntries(DATA.codebook.map(([name, value, low, high, whole]) => [name, { value, low, high, whole }]));
  words = DATA.words;
  const worker = living(DATA.worker);
  let run = 0, timer = 0, cities = [], kept = [], levers = {}, set = {}, topic = "trust";

  /** Reforms of an arm, with levers as a possible city draws them and as somebody moved them. */
  const reformsOf = (arm, drawn = {}) => ARMS[arm][1].map((reform, n) => {
    const [[name, own]] = Object.entries(reform);
    const open = Object.keys(DATA.reforms[name].levers).filter((key) => `${name}.${key}` in drawn).map((key) => [key, drawn[`${name}.${key}`]]);
    return { [name]: { ...own, ...Object.fromEntries(open), ...levers[`${arm} ${n}`] } };
  });
  const wrongOf = (arm) => reformsOf(arm).map((reform) => recordTooLong(reform, spinUp)).filter(Boolean);
  const wrong = () => ARMS.flatMap((_, arm) => wrongOf(arm));
  /** The arms that can be lived; none where the first cannot, with which the others are compared. */
  const possible = () => (wrongOf(0).length ? [] : [...ARMS.keys()].filter((arm) => !wrongOf(arm).length));

  function job() {
    const cities = DATA.draws.map((row, n) => {
      const drawn = Object.fromEntries(row.map((value, k) => [DATA.names[k], value]));
      const values = Object.fromEntries(Object.entries(drawn).filter(([name]) => name in CODEBOOK));
      return { replicate: DATA.luck[n], values: { ...values, ...set }, arms: kept.map((arm) => reformsOf(arm, drawn)) };
    });
    const { city, seed, changes, stated } = DATA;
    return { city, weeks, spin_up_weeks: spinUp, seed, changes, stated, values: { ...DATA.values, ...set }, person: null, arms: [], cities };
  }

  function ask(wait = 200) {
    clearTimeout(timer);
    run += 1; // what still comes of what was asked before is no answer any more
    release(tellMoved);
    by("live-city").setAttribute("aria-busy", "true");
    timer = setTimeout(() => {
      kept = possible();
      worker.postMessage({ run, ...job() });
    }, wait);
  }

  worker.onmessage = ({ data }) => {
    if (data.ready) return ask(0);
    if (data.run !== run) return;
    if (data.failed || data.done) by("live-city").removeAttribute("aria-busy");
    if (data.failed) return refill("live-moved", [h("p", { class: "warning", role: "alert" }, data.failed)]);
    if (!data.lived?.length) return kept.length ? null : draw();
    cities = data.first ? [data.lived] : [...cities, data.lived];
    draw();
  };
  worker.onerror = ({ message }) => refill("live-moved", [h("p", { class: "warning", role: "alert" }, message)]);

  /* --- The card */

  /** Of 100 adults, how many trust the police in the last year of an arm's life, as reports read it (`Over.asked` in sim/measures): over its
      surveys, or the last before; mean trust in points where the report tells of that or nobody has been asked. */
  const trusting = ({ trusting: surveys, trust }) => {
    const year = surveys.filter(([week]) => week > Math.max(0, weeks - 52)), asked = year.length ? year : surveys.slice(-1);
    const told = asked.length && !DATA.points ? asked.map(([, share]) => share) : [...trust.slice(1).slice(-52)];
    return 100 * told.reduce((sum, each) => sum + each, 0) / told.length;
  };
  const READ = { trusting, crimes: ({ incidence }) => incidence, cost: ({ cost }) => cost[weeks] };
  const middle = (key, arm, less) => quantile(cities.map((city) => READ[key](city[arm]) - (less ? READ[key](city[0]) : 0)).filter(Number.isFinite), 0.5);

  function draw() {
    for (const sentence of document.querySelectorAll("[data-arm]")) sentence.textContent = "";
    if (!kept.length) return refill("live-card", []);
    const start = middle("trusting", 0), surveyed = cities[0][0].trusting.length && !DATA.points, heads = ["here", "apart", "cities", "crimes", "cost"].map((key) => say(key === "here" && !surveyed ? "card.after_points" : `web.part.${key}`));
    const report = ARMS.some(([, , told]) => told) ? [say("web.part.report")] : [];
    const rows = kept.map((arm, place) => {
      const [name, , told] = ARMS[arm], differences = cities.map((city) => trusting(city[place]) - trusting(city[0])), change = quantile(differences, 0.5);
      const ends = differences.length >= 20 ? ` (${say("web.ends", { low: num(quantile(differences, 0.05), 1, true), high: num(quantile(differences, 0.95), 1, true) })})` : "";
      const sign = change < 0 ? -1 : 1, count = differences.filter((each) => sign * each > 0).length;
      const levels = place ? say("card.levels", { start: num(start, 1), end: num(start + change, 1) }) : num(start, 1), apart = num(change, 1, true) + ends;
      for (const sentence of document.querySelectorAll(`[data-arm="${arm}"]`)) sentence.textContent = say(`web.part.said${surveyed ? "" : "_points"}`, { levels, apart });
      const beside = ["crimes", "cost"].map((key) => num(middle(key, place, place > 0), 0, place > 0));
      const cells = [...report.map(() => told || "–"), levels, place ? apart : "–", place ? (differences.some(Boolean) ? say(sign < 0 ? "card.few_less" : "card.few_more", { count: num(count), of: num(cities.length) }) : say("card.verdicts.same")) : "–", ...beside];
      return h("tr", { "data-change": change }, h("th", { scope: "row" }, name), cells.map((text, n) => h("td", { "data-label": [...report, ...heads][n] }, text)));
    });
    refill("live-card", [h("table", { class: "card" }, h("caption", {}, say("web.part.lived", { many: num(cities.length), of: num(many) })),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("card.reform")), [...report, ...heads].map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, rows))]);
  }

  /* --- Levers */

  function tellMoved() {
    const places = Object.entries(levers).flatMap(([place, own]) => Object.keys(own).map((key) => [place, key, own[key]]));
    const told = places.map(([place, key, value]) => {
      const [arm, n] = place.split(" ").map(Number), [name] = Object.keys(ARMS[arm][1][n]), choice = look(`choices.${value}`);
      return `${ARMS[arm][0]}: ${words.levers[`${name}.${key}`][0]} ${value === null ? say("live.reforms.none") : choice ?? num(value)}`;
    });
    for (const [name, value] of Object.entries(set)) told.push(`${words.parameters[name][0].split(". ")[0]} (${name}): ${num(value)}`);
    refill("live-moved", [told.length ? h("div", { class: "warning" }, h("p", {}, h("strong", {}, say("web.part.moved"))), h("ul", {}, told.map((each) => h("li", {}, each))),
      h("button", { type: "button", id: "live-back", onclick: () => { [levers, set] = [{}, {}]; fillLevers(); fillNumbers(); ask(0); } }, say("web.put_back"))) : null,
    wrong().map((each) => h("p", { class: "warning", role: "alert" }, each))]);
  }

  const leverOf = (arm, n, name, key, told) => reformLever(`${name}.${key}`, DATA.reforms[name].levers[key], { value: reformsOf(arm)[n][name][key], weeks, place: `${arm}-${n}-` }, (value) => {
    if (String(value) === String(told[key] ?? null)) delete levers[`${arm} ${n}`]?.[key];
    else (levers[`${arm} ${n}`] ??= {})[key] = value;
    ask();
  });

  function fillLevers() {
    refill("live-levers", ARMS.map(([called, reforms], arm) => reforms.map((reform, n) => {
      const [[name, told]] = Object.entries(reform), { dose, levers: known } = DATA.reforms[name], rest = Object.keys(known).filter((key) => ![dose, "until"].includes(key));
      return h("div", { class: "reform" }, h("h3", {}, called === words.reforms[name] ? called : `${called}: ${words.reforms[name]}`), h("p", { class: "caution", "data-arm": arm }), leverOf(arm, n, name, dose, told),
        h("details", {}, h("summary", {}, say("live.reforms.more")), rest.map((key) => leverOf(arm, n, name, key, told))));
    })));
  }

  function fillNumbers() {
    const names = Object.keys(CODEBOOK), topics = [...new Set(names.map((name) => name.split(".")[0]))];
    refill("live-numbers", [h("label", { for: "live-topic" }, say("live.parameters.topic")),
      h("select", { id: "live-topic", onchange: (event) => { topic = event.target.value; fillNumbers(); } }, topics.map((each) => h("option", { value: each, selected: each === topic }, say(`live.topics.${each}`)))),
      names.filter((name) => name.startsWith(`${topic}.`)).map((name) => {
        const [text, unit, source, status] = words.parameters[name], { low, high, whole } = CODEBOOK[name], own = DATA.values[name], drawn = DATA.names.includes(name);
        return lever(name, {
          label: text.split(". ")[0], value: set[name] ?? own, low, high, whole, unit,
          facts: say("live.parameters.facts", { low: num(low), high: num(high), value: num(own), status }) + (drawn ? ` ${say("web.part.drawn")}` : ""), detail: say("live.parameters.detail", { text, name, source }),
        }, (value) => {
          if (value === own && !drawn) delete set[name];
          else set[name] = value;
          ask();
        });
      })]);
  }

  by("live-city").append(h("p", {}, say("web.part.about")), h("p", { class: "caution" }, say(`web.part.why_${DATA.kind}`, { many: num(many), of: num(DATA.of) }), " ", say(`web.part.${many < DATA.of ? "fewer" : "whole"}_${DATA.kind}`), DATA.other ? ` ${say("web.part.other_measure", { measure: DATA.other })}` : "", DATA.same ? "" : ` ${say("web.part.other_version")}`),
    h("div", { id: "live-moved" }), h("div", { id: "live-card", class: "scroll", role: "region", "aria-label": say("web.part.heading"), tabindex: 0 }, h("p", { role: "status" }, say("web.living"))),
    h("div", { id: "live-levers" }), h("details", {}, h("summary", {}, say("web.part.numbers")), h("div", { id: "live-numbers" })));
  fillLevers();
  fillNumbers();
  worker.postMessage({ module: moduleOf(DATA.module), layout: DATA.layout, reforms: DATA.reforms });
}

by("live-part").addEventListener("toggle", openLive, { once: true });
