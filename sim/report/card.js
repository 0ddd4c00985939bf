// Pesos for the reader's municipality; sections open when they are linked to or all at once. The page says as much without it.
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const opened = () => {
    const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const around = wanted && wanted.closest("details");
    if (around) { around.open = true; wanted.scrollIntoView(); }
  };
  addEventListener("hashchange", opened);
  opened();
  const unfold = document.querySelector(".unfold");
  unfold.hidden = false;
  unfold.addEventListener("click", () => {
    const folds = all("details").filter((each) => !each.closest(".live")), closed = folds.some((each) => !each.open);
    folds.forEach((each) => { each.open = closed; });
  });
  const amount = (text) => parseFloat(text.replace("\u2212", "-").replace(/(\d)[,\u202f](?=\d{3})/g, "$1"));
  all(".scroll table:not(.card) thead th").filter((head) => !head.closest(".live")).forEach((head) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const body = head.closest("table").tBodies[0], place = head.cellIndex, up = head.getAttribute("aria-sort") === "descending";
      const keyed = [...body.rows].map((row) => [row, row.cells[place].textContent.trim()]);
      const order = ([, a], [, b]) => (amount(a) - amount(b)) || (isNaN(amount(a)) - isNaN(amount(b))) || a.localeCompare(b);
      keyed.sort((one, other) => (up ? order(one, other) : order(other, one)));
      body.append(...keyed.map(([row]) => row));
      head.parentNode.querySelectorAll("[aria-sort]").forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
    });
  });
  const box = document.querySelector(".place");
  if (!box) return;
  const [people, currency, rate] = box.querySelectorAll("input"), wrong = box.querySelector("#wrong");
  const words = box.dataset;
  const grouped = (text) => text.replace("-", "\u2212").replace(".", words.decimal).replace(/\B(?=(\d{3})+(?!\d))/g, words.thousands);
  const digits = (amount, unit) => grouped(String(Number((amount / unit).toPrecision(2))));
  const say = () => {
    // thousands by one and the same mark; of a rate "1,000" is refused, because it may be 1 or 1000
    const whole = /^(\d+|\d{1,3}(?:([.,'\s])\d{3}(?:\2\d{3})*))$/.test(people.value.trim()), exact = /^\d+(\.\d+|,(?!\d{3}$)\d+)?$/.test(rate.value.trim());
    const many = whole ? Number(people.value.replace(/\D/g, "")) : 0, per = exact ? Number(rate.value.replace(",", ".")) : 0;
    const fine = [[people, "people", many > 0 && many <= 2e9], [currency, "currency", currency.value.trim() !== ""], [rate, "rate", per > 0 && per <= 1e9]];
    fine.forEach(([input, , known]) => input.setAttribute("aria-invalid", String(!known)));
    wrong.textContent = fine.filter(([, , known]) => !known).map(([, name]) => wrong.dataset[name]).join(" ");
    if (wrong.textContent) return all(".inhabitants, [data-pesos]").forEach((each) => { each.textContent = "\u2013"; });
    all(".inhabitants").forEach((each) => { each.textContent = grouped(String(many)); });
    all(".currency").forEach((each) => { each.textContent = currency.value; });
    all("[data-cost]").forEach((each) => { each.dataset.label = `${each.dataset.cost}, ${currency.value}`; }); // on a phone it stands beside the amount
    const rows = all("[data-pesos]").map((each) => [each, each.dataset.pesos.split(" ").map((text) => many * Number(text) / per)]);
    const size = Math.max(...rows.flatMap(([, amounts]) => amounts).filter(Number.isFinite).map(Math.abs));
    const [unit, name] = size >= 1e6 ? [1e6, words.million] : size >= 1e4 ? [1e3, words.thousand] : [1, ""];
    rows.forEach(([each, amounts]) => {
      const [middle, low, high] = amounts.map((amount) => Number.isFinite(amount) ? digits(amount, unit) : "");
      const ends = low && low !== high ? " (" + words.numbers.replace("{low}", low).replace("{high}", high) + ")" : "";
      each.textContent = (middle + " " + name.split("|").at(middle === "1" ? 0 : -1)).trim() + ends;
    });
  };
  box.hidden = false;
  box.addEventListener("input", say);
})();
