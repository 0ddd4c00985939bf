"use strict";
/* A city in the module's memory, laid out as compiled Python has it. What happens in it is the module's; here is only who calls what when,
   as in sim/world/simulation.py and sim/world/survey.py. */

const VIEWS = {
  f8: Float64Array, i8: BigInt64Array, u8: BigUint64Array, i4: Int32Array, u4: Uint32Array, f4: Float32Array, i2: Int16Array, u1: Uint8Array,
  i1: Int8Array,
};
const NOT_STATED = -9, SURVEY = 26, BATCH = 1024, CAUSES = 7;
const TOLD = ["trust", "fairness", "effectiveness", "reporting", "clearance", "complaints", "crimes", "cost"]; // of `sum_up_weeks`

/** How many rows each table of a city of this size has. */
function sizesOf(city, values, ticks) {
  const officers = Math.max(1, Math.floor(city.adults / values["population.adult_share"] / 1000 * city.officers_per_1000_inhabitants + 0.5));
  const residents = Math.max(1, Math.floor(city.adults * city.offenders_share + 0.5));
  let { width, height } = city;
  if (!width || !height) {
    width = Math.max(3, Math.floor(Math.sqrt(city.adults / city.adults_per_cell) + 0.5));
    height = Math.max(3, Math.ceil(city.adults / (city.adults_per_cell * width)));
  }
  const squads = Math.ceil(officers / values["conduct.squad_size"]), cells = width * height;
  return {
    citizens: city.adults, officers, squads, offenders: residents + officers, residents, cells, cells_and_one: cells + 1, width, height,
    encounters: officers * 32, ticks,
  };
}

/** The seed of a replicate of a root seed, as `confianza run` has it: NumPy's SeedSequence (sim/world/rng.py). */
function replicateSeed(root, replicate) {
  const entropy = [0, 0, 0, 0, replicate], pool = [], seed = BigInt(root);
  entropy[0] = Number(seed & 0xffffffffn);
  entropy[1] = Number(seed >> 32n);
  const hasher = (start, by) => (value) => {
    value ^= start;
    start = Math.imul(start, by);
    value = Math.imul(value, start);
    return (value ^ (value >>> 16)) >>> 0;
  };
  const hash = hasher(0x43b0d7e5, 0x931e8875);
  const mix = (to, value) => {
    const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hash(value));
    pool[to] = (mixed ^ (mixed >>> 16)) >>> 0;
  };
  for (let n = 0; n < 4; n++) pool.push(hash(entropy[n]));
  for (let from = 0; from < 4; from++) for (let to = 0; to < 4; to++) if (from !== to) mix(to, pool[from]);
  for (let to = 0; to < 4; to++) mix(to, entropy[4]);
  const [low, high] = pool.map(hasher(0x8b51f9dd, 0x58f38ded));
  return (BigInt(low) | BigInt(high) << 32n) >> 1n;
}

/** The module's memory: what is asked for lies one after the other, on 16 bytes. */
class Memory {
  constructor(exports) {
    this.exports = exports;
    this.free = exports.__heap_base.value;
  }

  take(bytes) {
    const at = Math.ceil(this.free / 16) * 16, buffer = this.exports.memory.buffer;
    this.free = at + bytes;
    if (this.free > buffer.byteLength) this.exports.memory.grow(Math.ceil((this.free - buffer.byteLength) / 65536));
    return at;
  }

  /** A column in memory; made anew at each look, because memory that grows moves. */
  view(column) {
    return new VIEWS[column.type](this.exports.memory.buffer, column.at, column.length);
  }
}

/** Words of 8 bytes, as an entry reads them: [type, number]. */
function bytesOf(words) {
  const view = new DataView(new ArrayBuffer(8 * words.length));
  words.forEach(([type, value], n) => {
    if (type === "f8") view.setFloat64(8 * n, value, true);
    else view.setBigUint64(8 * n, BigInt.asUintN(64, BigInt(value)), true);
  });
  return new Uint8Array(view.buffer);
}

class City {
  /**
   * exports  of an instance of the module, whose memory is this city's from now on
   * about    {layout, reforms}: of the city as the module takes it: [name, type, [length or name of one, ...]] for a column, [name, name of a
   *          size] for a number; and of each reform its levers and what it sets
   * asked    {city, ticks, week (the first), seed, stated}
   * values   parameters by name, in the order of the codebook
   */
  constructor(exports, about, asked, values) {
    this.exports = exports;
    this.about = about;
    this.memory = new Memory(exports);
    this.sizes = sizesOf(asked.city, values, asked.ticks);
    this.columns = {};
    this.places = {}; // of words, by the table they begin
    const words = [];
    for (const [name, type, dims] of about.layout) {
      this.places[name.split(".")[0]] ??= words.length;
      if (dims === undefined) words.push(["i8", this.sizes[type]]);
      else words.push(...(this.columns[name] = this.spare(type, ...dims.map((length) => this.sizes[length] ?? length))).words);
    }
    this.city = bytesOf(words);
    this.block = this.memory.take(this.city.length + 8 * (Object.keys(values).length + 128));
    new Uint8Array(exports.memory.buffer, exports.__heap_base.value, this.memory.free - exports.__heap_base.value).fill(0);
    for (const table of ["officers", "squads", "offenders", "cells"]) this.column(`rows.${table}`).forEach((_, n, all) => { all[n] = n; });
    this.column("docket.page")[1] = -1n;
    for (const name of ["opportunity", "exposure", "trust"]) {
      const column = this.column(`cells.stated_${name}`), stated = (asked.stated || {})[name];
      column.forEach((_, c) => { column[c] = stated && stated[c] !== null ? stated[c] : NOT_STATED; });
    }
    [this.seed, this.tick, this.spent, this.told] = [asked.seed, 0, new Float64Array(asked.ticks), "{}"];
    this.set(values);
    this.call("populate", this.city, this.parameters, this.clock(0));
    this.files = {};
    this.closeFiles(asked.week);
  }

  column(name) { return this.memory.view(this.columns[name]); }

  /** These parameters are in force from now on. */
  set(values) {
    this.values = values;
    this.parameters = bytesOf(Object.values(values).map((value) => ["f8", value]));
  }

  clock(tick) { return bytesOf([["u8", this.seed], ["i8", tick]]); }

  /** A column in memory; `words` name it. */
  spare(type, ...shape) {
    const length = shape.reduce((all, one) => all * one, 1), at = this.memory.take(length * VIEWS[type].BYTES_PER_ELEMENT);
    return { at, type, length, words: [["i8", at], ...shape.map((each) => ["i8", each])] };
  }

  /** Columns that an entry fills, laid out when they are first asked for. */
  room(name, columns) {
    this.rooms ??= {};
    return (this.rooms[name] ??= columns());
  }

  /** The words of some tables, from the first to before another. */
  tables(first, next) { return this.city.subarray(8 * this.places[first], 8 * this.places[next]); }

  call(entry, ...parts) {
    const memory = new Uint8Array(this.exports.memory.buffer);
    let at = this.block;
    for (const part of parts) {
      memory.set(part, at);
      at += part.length;
    }
    this.exports[entry](this.block);
  }

  advance(weeks) {
    this.call("advance", bytesOf([["i8", weeks]]), this.city, this.parameters, this.clock(this.tick));
    this.tick += weeks;
  }

  /** A reform's levers as numbers: of a choice its place, NaN for what is left out. */
  levers(reform) {
    const [name, told] = Object.entries(reform)[0];
    return bytesOf(Object.entries(this.about.reforms[name].levers).map(([key, { choices }]) => {
      const value = told[key];
      return ["f8", value === undefined || value === null ? NaN : choices ? choices.indexOf(value) : value];
    }));
  }

  /** What reforms set in a week, the later ones last. */
  setBy(reforms, week) {
    const found = {}, out = this.room("out", () => this.spare("f8", 16));
    for (const reform of [...reforms].sort((one, other) => Object.values(one)[0].start - Object.values(other)[0].start)) {
      const [name] = Object.keys(reform), { sets } = this.about.reforms[name];
      if (!this.exports[`set_${name}`]) continue;
      const values = this.memory.view(out).fill(NaN);
      this.call(`set_${name}`, bytesOf([["i8", out.at], ["i8", sets.length]]), this.levers(reform), bytesOf([["i8", week]]));
      sets.forEach((parameter, n) => { if (!Number.isNaN(values[n])) found[parameter] = values[n]; });
    }
    return found;
  }

  moment(week) { return bytesOf([["u8", this.seed], ["u8", this.seed], ["i8", week], ["i8", this.tick]]); }

  /** Reforms act, if they are due, and are charged. */
  act(reforms, week) {
    const [eligible, bill, longer] = this.room("act", () => [this.spare("u1", this.sizes.officers), this.spare("f8", 2), this.spare("f8", 6)]);
    for (const reform of reforms) {
      const entry = `act_${Object.keys(reform)[0]}`, purges = entry === "act_purge", cost = purges ? longer : bill;
      if (!this.exports[entry]) continue;
      const words = [...eligible.words, ...cost.words, ...(purges ? this.filed(reform.purge, week) : [])];
      this.memory.view(eligible).fill(1);
      this.memory.view(cost).fill(0);
      this.call(entry, this.levers(reform), this.city, this.parameters, this.moment(week), bytesOf(words));
      this.spent[this.tick] += this.memory.view(cost)[1];
    }
  }

  /** Complaints on file and who holds each post, kept each half-year, for purges that look at them. */
  closeFiles(week) {
    this.files[week] = ["complaints", "identity"].map((name) => this.column(`officers.${name}`).slice());
  }

  /** What a purge is told of officers' files: when they were closed last, where its record begins, and where the tenure it asks for does. */
  filed({ record_half_years: record, tenure_half_years: tenure }, week) {
    const first = Math.min(...Object.keys(this.files).map(Number));
    const closed = (halves) => this.files[Math.max((Math.floor(week / SURVEY) - halves) * SURVEY, first)];
    const columns = this.room("files", () => ["i4", "i4", "i4", "i4", "i4", "f8", "u1"].map((type) => this.spare(type, this.sizes.officers)));
    [...closed(0), ...closed(record ?? 0), closed(tenure ?? 0)[1]].forEach((told, n) => this.memory.view(columns[n]).set(told));
    return columns.flatMap((column) => column.words);
  }

  /** What the coming week costs; it is known when it has passed. */
  passed(reforms, week) {
    const spent = this.room("passed", () => this.spare("f8", 1, 2)), counts = this.columns["record.counts"].at + (this.tick - 1) * 8 * 24;
    this.tick -= 1; // a reform sees the moment at which the week began
    for (const reform of reforms) {
      const entry = `run_${Object.keys(reform)[0]}`;
      if (!this.exports[entry]) continue;
      this.memory.view(spent).fill(0);
      const row = bytesOf([["i8", counts], ["i8", 1], ["i8", 24]]);
      this.call(entry, this.levers(reform), this.city, this.parameters, this.moment(week), row, bytesOf(spent.words));
      this.spent[this.tick] += this.memory.view(spent)[1];
    }
    this.tick += 1;
  }

  /** Everybody's trust now: fairness and effectiveness. */
  trust() {
    const filled = this.room("trust", () => [this.spare("f8", this.sizes.citizens), this.spare("f8", this.sizes.citizens)]);
    this.call("fill_in", ...filled.map((column) => bytesOf(column.words)), this.city);
    return filled.map((column) => this.memory.view(column));
  }

  /** What the whole city would answer at the end of the week that has passed: how many gave each of the four answers. */
  survey() {
    const people = this.sizes.citizens, all = this.room("survey", () => ({
      rows: this.spare("u4", people), trust: this.spare("i1", people), scale: this.spare("f8", people), unsafe: this.spare("i1", people),
      byCell: this.spare("i8", this.sizes.cells, 4), room: Array.from({ length: 8 }, () => this.spare("f8", BATCH)),
    }));
    const { rows, trust, scale, unsafe, byCell, room } = all, names = Object.keys(this.values);
    this.memory.view(rows).forEach((_, n, row) => { row[n] = n; });
    this.memory.view(byCell).fill(0n);
    const topic = (wanted) => {
      const found = names.filter((name) => name.startsWith(`${wanted}.`)), first = names.indexOf(found[0]);
      return this.parameters.subarray(8 * first, 8 * (first + found.length));
    };
    this.call("ask", bytesOf([rows, trust, scale, unsafe, byCell, ...room].flatMap((column) => column.words)),
      this.tables("citizens", "officers"), this.tables("cells", "crimes"), topic("trust"), topic("survey"), this.clock(this.tick - 1));
    const counts = [0, 0, 0, 0];
    this.memory.view(byCell).forEach((count, n) => { counts[n % 4] += Number(count); });
    return counts;
  }

  /** Weekly series from week 0 on by name, and the ledger of trust since then; `weights` of effectiveness in trust, one a tick. */
  series(spinUp, weights) {
    const rows = this.tick - spinUp + 1, columns = this.room("series", () => [
      this.spare("f8", rows, TOLD.length), this.spare("f8", rows, CAUSES), this.spare("f8", this.tick), this.spare("f8", this.tick),
    ]);
    const [told, ledger, spent, weight] = columns, words = columns.map((column) => bytesOf(column.words));
    this.memory.view(spent).set(this.spent);
    this.memory.view(weight).set(weights);
    this.call("sum_up_weeks", words[0], words[1], this.city.subarray(8 * this.places.record), words[2], words[3],
      bytesOf([["i8", spinUp], ["i8", this.sizes.citizens]]));
    const seen = this.memory.view(told);
    const made = Object.fromEntries(TOLD.map((name, n) => [name, Float64Array.from({ length: rows }, (_, row) => seen[row * TOLD.length + n])]));
    return { ...made, ledger: this.memory.view(ledger).slice() };
  }

  /** Crimes a year per 100,000 adults, in the last 52 of so many weeks or in all of fewer, as `incidence` in sim/measures. */
  incidence(weeks) {
    const counts = this.column("record.counts"), span = Math.min(weeks, 52), tick = counts.length / this.sizes.ticks;
    let crimes = 0;
    for (let week = this.tick - span; week < this.tick; week++) crimes += Number(counts[week * tick]);
    return 1e5 * crimes / (this.sizes.citizens * (span / 52));
  }

  /** All that a week may change, to go on from here again. */
  kept() {
    const from = this.exports.__heap_base.value, memory = new Uint8Array(this.exports.memory.buffer, from, this.block - from).slice();
    return { memory, tick: this.tick, values: this.values, spent: this.spent.slice(), told: this.told, files: { ...this.files } };
  }

  backTo({ memory, tick, values, spent, told, files }) {
    new Uint8Array(this.exports.memory.buffer, this.exports.__heap_base.value, memory.length).set(memory);
    [this.tick, this.spent, this.told, this.files] = [tick, spent.slice(), told, { ...files }];
    this.set(values);
  }
}
