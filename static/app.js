// The search field as a combobox: suggestions are links that the arrow keys can reach.
// Everything here is an addition; each page works without it.
"use strict";

(() => {
  const field = document.getElementById("search-field");
  const panel = document.getElementById("suggestions");
  if (!field || !panel) return;

  const LIST_ID = "suggestion-list";
  let options = [];
  let chosen = -1;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-expanded", "false");

  function choose(index) {
    chosen = index;
    options.forEach((option, position) => {
      option.setAttribute("aria-selected", String(position === index));
    });
    if (index < 0) {
      field.removeAttribute("aria-activedescendant");
    } else {
      field.setAttribute("aria-activedescendant", options[index].id);
      options[index].scrollIntoView({ block: "nearest" });
    }
  }

  function open(isOpen) {
    panel.hidden = !isOpen;
    field.setAttribute("aria-expanded", String(isOpen && options.length > 0));
    if (!isOpen) choose(-1);
  }

  // The server sends a plain list of links; the roles belong to the behaviour given here.
  function adopt() {
    const before = options[chosen]?.href;
    const list = panel.querySelector("ul.hits");
    options = list ? [...list.querySelectorAll("a")] : [];
    if (list) {
      list.id = LIST_ID;
      list.setAttribute("role", "listbox");
      list.setAttribute("aria-label", "Matching stocks");
      field.setAttribute("aria-controls", LIST_ID);
      options.forEach((option, position) => {
        option.parentElement.setAttribute("role", "none");
        option.setAttribute("role", "option");
        option.id = `suggestion-${position}`;
        option.tabIndex = -1;
      });
    } else {
      field.removeAttribute("aria-controls");
    }
    // What was chosen stays chosen when a later answer has it as well: Enter must lead there.
    choose(options.findIndex((option) => option.href === before));
    open(panel.childElementCount > 0 && document.activeElement === field);
  }

  new MutationObserver(adopt).observe(panel, { childList: true });

  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" && !panel.hidden && panel.childElementCount > 0) {
      event.preventDefault();
      open(false);
      return;
    }
    if (options.length === 0) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (panel.hidden) open(true);
      // One place more than there are options: the field itself.
      const places = options.length + 1;
      choose(((chosen + 1 + step + places) % places) - 1);
    } else if (event.key === "Enter" && chosen >= 0 && !panel.hidden) {
      event.preventDefault();
      options[chosen].click();
    }
  });

  field.addEventListener("input", () => choose(-1));
  field.addEventListener("focus", () => open(panel.childElementCount > 0));
  document.addEventListener("click", (event) => {
    if (!field.form.contains(event.target)) open(false);
  });
  field.form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !field.form.contains(event.relatedTarget)) open(false);
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
})();

// A table whose columns can be sorted: the heads become buttons. Numbers are read as they stand.
(() => {
  const NUMBER = /[\u2212-]?\d[\d,]*(?:\.\d+)?/;

  function valueOf(cell, kind) {
    const text = cell.textContent.trim();
    if (kind === "text") return text;
    const found = text.match(NUMBER);
    return found === null ? null : Number(found[0].replace("\u2212", "-").replaceAll(",", ""));
  }

  function compare(one, other) {
    return typeof one === "string" ? one.localeCompare(other, "en") : one - other;
  }

  class SortableTable extends HTMLElement {
    connectedCallback() {
      // On a phone the heads are not seen, and nothing unseen may take the focus.
      this.wide = matchMedia("(min-width: 44.0625rem)");
      this.fit = () => this.#fit();
      this.wide.addEventListener("change", this.fit);
      this.fit();
      this.choice = this.querySelector("select");
      this.choice?.addEventListener("change", () => {
        const [place, order] = this.choice.value.split(" ");
        this.#arrange(this.querySelectorAll("th[data-sort]")[place], order);
      });
    }

    disconnectedCallback() {
      this.wide.removeEventListener("change", this.fit);
    }

    #fit() {
      for (const head of this.querySelectorAll("th[data-sort]")) {
        const present = head.querySelector("button");
        if (this.wide.matches && present === null) head.append(this.#button(head));
        else if (!this.wide.matches && present !== null) present.replaceWith(...present.childNodes);
      }
    }

    #button(head) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      button.addEventListener("click", () => this.#sort(head));
      return button;
    }

    #sort(head) {
      // What is best comes first: places and names go up from the first, figures down.
      const first = head.dataset.sort === "number" ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? second : first;
      this.#arrange(head, order);
    }

    #arrange(head, order) {
      const kind = head.dataset.sort;
      const body = this.querySelector("tbody");
      const sign = order === "ascending" ? 1 : -1;
      const rows = [...body.rows].map((row) => ({ row, value: valueOf(row.cells[head.cellIndex], kind) }));
      rows.sort((one, other) => {
        if (one.value === null || other.value === null) return (one.value === null) - (other.value === null);
        return sign * compare(one.value, other.value);
      });
      for (const each of this.querySelectorAll("th[aria-sort]")) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      body.append(...rows.map(({ row }) => row));
    }
  }

  customElements.define("sortable-table", SortableTable);
})();

// Prices that arrive by themselves: says so while they do, and begins when the market opens.
(() => {
  const DAY = 24 * 60 * 60 * 1000;
  const SPREAD = 20 * 1000;

  const FIRST_PAUSE = 4 * 1000;
  const LONGEST_PAUSE = 2 * 60 * 1000;
  let refusals = 0;

  document.addEventListener("htmx:sse:after:connection", (event) => {
    refusals = 0;
    event.target.classList.add("live--on");
  });
  for (const name of ["htmx:sse:error", "htmx:sse:close"]) {
    document.addEventListener(name, (event) => event.target.classList?.remove("live--on"));
  }

  // A stream that broke is taken up again by itself; one that was refused at once is tried anew here.
  function tryAgain({ target, detail }) {
    if (!(target instanceof Element) || !target.matches("#live[hx-sse\\:connect]")) return;
    const status = detail.ctx?.response?.status ?? 0;
    if (status >= 400 && status < 500 && status !== 429) return;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** refusals) * (0.75 + Math.random() / 2);
    refusals += 1;
    setTimeout(() => {
      if (target.isConnected) htmx.trigger(target, "again");
    }, pause);
  }

  for (const name of ["htmx:response:error", "htmx:error"]) document.addEventListener(name, tryAgain);

  // A clock that says the opening is long past, or far off, is not the market's clock.
  function wait(part) {
    const left = new Date(part.dataset.opens) - Date.now();
    if (!(left > 0 && left < DAY)) return;
    setTimeout(() => {
      if (part.isConnected) htmx.trigger(part, "opens");
    }, left + 1000 + Math.random() * SPREAD);
  }

  function look() {
    const part = document.querySelector("#live[data-opens]");
    if (part === null || part.dataset.waits !== undefined || !window.htmx) return;
    part.dataset.waits = "";
    wait(part);
  }

  document.addEventListener("htmx:after:swap", look);
  document.addEventListener("DOMContentLoaded", look);
})();

// Pictures that their own host does not give are taken from this site, else they leave no gap.
(() => {
  const PICTURES = "img.hero__picture, img.company";
  const isElsewhere = (picture) => !picture.src.startsWith(`${location.origin}/`);

  function mend(picture) {
    if (isElsewhere(picture)) picture.src = picture.src.slice(picture.src.indexOf("/images/"));
    else picture.remove();
  }

  document.addEventListener("error", ({ target }) => {
    if (target instanceof Element && target.matches(PICTURES)) mend(target);
  }, true);
  // What failed before this script was there.
  for (const picture of document.querySelectorAll(PICTURES)) {
    if (isElsewhere(picture) && picture.complete && picture.naturalWidth === 0) mend(picture);
  }
})();

// Times are written on the exchange's clock; whoever reads them elsewhere gets their own as well.
(() => {
  const EXCHANGE = "America/New_York";
  const part = (zone, options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
  const day = { weekday: "short", day: "numeric", month: "short" };
  const hour = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const clocks = { here: part(undefined, hour), there: part(EXCHANGE, hour) };
  const days = { here: part(undefined, day), there: part(EXCHANGE, day) };

  function tell(time) {
    time.dataset.local = "";
    const moment = new Date(time.dateTime);
    const isOtherDay = days.here.format(moment) !== days.there.format(moment);
    if (!isOtherDay && clocks.here.format(moment) === clocks.there.format(moment)) return;
    const local = document.createElement("span");
    local.className = "local";
    const parts = isOtherDay ? [days.here.format(moment).replace(",", ""), clocks.here.format(moment)] : [clocks.here.format(moment)];
    local.textContent = ` (${parts.join(", ")} your time)`;
    time.append(local);
  }

  function tellAll() {
    for (const time of document.querySelectorAll("time[title]:not([data-local])")) tell(time);
  }

  document.addEventListener("htmx:after:swap", tellAll);
  tellAll();
})();
