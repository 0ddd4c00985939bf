"use strict";
/* Who asks for cities, and what is told of them. The page sends a job; each arm is told as soon as it is lived, then possible cities. */

const PICTURE = 4; // weeks between pictures of places
let about, exports, ready, latest = 0;

/** Parameters in force in a week: the city's own, dated changes, and what reforms set (they win). */
function valuesAt(job, week, more) {
  const values = { ...job.values };
  for (const change of job.changes) if (change.week <= week) Object.assign(values, change.set);
  return Object.assign(values, more);
}

function built(job) {
  const asked = { city: job.city, ticks: job.spin_up_weeks + job.weeks, week: -job.spin_up_weeks, seed: replicateSeed(job.seed, job.replicate), stated: job.stated };
  return new City(exports, about, asked, valuesAt(job, -job.spin_up_weeks));
}

/** What is seen of places and of one person on the way. */
class Look {
  constructor(person) {
    Object.assign(this, { person, trust: [], crimes: [], stops: [], surveys: [], life: [] });
  }

  at(city, week) {
    if (week % PICTURE === 0) {
      this.trust.push(Float32Array.from(city.column("cells.climate")));
      this.crimes.push(city.column("cells.crimes").slice());
      this.stops.push(city.column("cells.stops").slice());
      if (this.person !== null) {
        const [fairness, effectiveness] = city.trust(), weight = city.values["trust.effectiveness_weight"], n = this.person;
        const last = ["last_stop", "last_corrupt_stop", "last_victimized"].map((name) => city.column(`citizens.${name}`)[n]);
        this.life.push([week, (1 - weight) * fairness[n] + weight * effectiveness[n], ...last]);
      }
    }
    if (week % SURVEY === 0 && city.tick > 0) {
      const [none, little, some, much] = city.survey();
      this.surveys.push([week, (some + much) / (none + little + some + much)]);
    }
  }
}

/** Live on to a week, stopping where something is dated or looked at; where there are reforms, in each week, because they know their dates. */
function live(city, job, reforms, week, look) {
  const dates = [...new Set(job.changes.map((change) => change.week))].sort((one, other) => one - other);
  let now = city.tick - job.spin_up_weeks;
  while (now < week) {
    const sets = city.setBy(reforms, now), told = JSON.stringify(sets);
    if (told !== city.told || dates.includes(now)) city.set(valuesAt(job, now, sets));
    city.told = told;
    city.act(reforms, now);
    const stops = [week, now + SURVEY - (now % SURVEY + SURVEY) % SURVEY, ...dates.filter((date) => date > now).slice(0, 1)];
    if (reforms.length) stops.push(now + 1);
    if (look?.pictures) stops.push(now + PICTURE - now % PICTURE);
    city.advance(Math.min(...stops) - now);
    city.passed(reforms, now);
    now = city.tick - job.spin_up_weeks;
    if (now % SURVEY === 0) city.closeFiles(now);
    if (look) look.at(city, now);
  }
}

/** Hashes of all columns, by name. */
async function digests(city) {
  const made = {};
  for (const [name, { at, length, type }] of Object.entries(city.columns)) {
    if (/^(scratch|rows|docket|fields)/.test(name)) continue;
    const bytes = new Uint8Array(city.exports.memory.buffer, at, length * VIEWS[type].BYTES_PER_ELEMENT).slice();
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    made[name] = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return made;
}

/** One city, in each arm: all have lived the same until week 0, unless a reform began before. */
function* arms(job, pictures) {
  let city, stem;
  const weights = Float64Array.from({ length: job.spin_up_weeks + job.weeks },
    (_, tick) => valuesAt(job, tick - job.spin_up_weeks)["trust.effectiveness_weight"]);
  for (const reforms of job.arms) {
    const early = reforms.some((reform) => Object.values(reform)[0].start < 0);
    if (early || !stem) {
      city = built(job);
      live(city, job, early ? reforms : [], 0, null);
      stem = early ? undefined : city.kept();
    } else city.backTo(stem);
    const look = Object.assign(new Look(pictures ? job.person : null), { pictures });
    look.at(city, 0);
    live(city, job, reforms, job.weeks, look);
    yield { city, look, series: city.series(job.spin_up_weeks, weights) };
  }
}

const breath = () => new Promise((done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = done;
  port2.postMessage(null);
});

async function run(job) {
  let arm = 0;
  const began = performance.now();
  for (const { city, look, series: made } of job.looks ? arms({ ...job, replicate: 0 }, true) : []) {
    const { trust, crimes, stops, surveys, life } = look;
    const told = { run: job.run, arm: arm++, series: { ...made, trusting: surveys }, places: { trust, crimes, stops }, life, sizes: city.sizes };
    if (job.digests) told.digests = await digests(city);
    postMessage({ ...told, took: performance.now() - began });
    await breath();
    if (latest !== job.run) return;
  }
  for (const own of job.cities) {
    const possible = { ...job, ...own, values: { ...job.values, ...own.values } };
    const lived = [];
    for (const { city, look, series: made } of arms(possible, false)) {
      lived.push({ ...made, trusting: look.surveys, incidence: city.incidence(job.weeks) });
      await breath();
      if (latest !== job.run) return;
    }
    postMessage({ run: job.run, lived, first: own === job.cities[0] });
  }
  postMessage({ run: job.run, done: true });
}

onmessage = async ({ data }) => {
  if (data.module) {
    about = data;
    ready = WebAssembly.instantiate(data.module);
    exports = (await ready).instance.exports;
    postMessage({ ready: true });
    return;
  }
  latest = data.run;
  await ready; // who moves a lever before that is heard
  if (data.arms && data.run === latest) run(data).catch((error) => postMessage({ run: data.run, failed: String(error) }));
};
