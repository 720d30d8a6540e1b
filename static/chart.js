// The stock page's chart: <price-chart> lays an interactive one over the picture that the server
// drew. Whatever fails, that picture and the table below it stay.
"use strict";

(() => {
  const { DENSEST, ROOMY, Predictions, sessionName } = window.OracleChart ?? {};
  const FAN_SHARE = 0.12;
  const FAN_LEAST = 84;

  function percent(change) {
    const text = Math.abs(100 * change).toFixed(2);
    const sign = Number(text) === 0 ? "" : change > 0 ? "+" : "\u2212";
    return `${sign}${text}\u202f%`;
  }

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(`--${name}`).trim();
    return {
      accent: read("accent"), area: read("area"), surface: read("surface"), line: read("line"),
      ink: read("ink"), soft: read("ink-soft"), miss: read("down"), font: read("font"),
      95: read("band-95"), 80: read("band-80"), 50: read("band-50"),
    };
  }

  let library = null;

  function loadLibrary(address) {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error("its library did not load")));
      document.head.append(script);
    });
    return library;
  }

  class PriceChart extends HTMLElement {
    async connectedCallback() {
      this.stop = new AbortController();
      try {
        await this.#nearby();
        // Policies allow scripts of this site alone, so the library comes as an element.
        const [answer] = await Promise.all([
          fetch(this.getAttribute("src"), { signal: this.stop.signal }),
          loadLibrary(this.getAttribute("library")),
        ]);
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        const history = await answer.json();
        if (history.closes.length < 2) throw new Error("too few closes");
        this.#show(history);
      } catch (error) {
        // The picture below stays; what would have steered the chart goes without moving anything.
        this.classList.add("history--still");
        if (!this.stop.signal.aborted) console.info(`The interactive chart is not available: ${error.message}.`);
      }
    }

    // Whoever does not get as far as the chart does not load its library.
    #nearby() {
      return new Promise((resolve) => {
        const observer = new IntersectionObserver((entries) => {
          if (!entries.some((entry) => entry.isIntersecting)) return;
          observer.disconnect();
          resolve();
        }, { rootMargin: "200px" });
        observer.observe(this);
        this.stop.signal.addEventListener("abort", () => observer.disconnect());
      });
    }

    disconnectedCallback() {
      this.stop.abort();
      this.chart?.remove();
    }

    #show(history) {
      this.closes = history.closes;
      this.past = new Map((history.settled?.predictions ?? []).map((each) => [each.target, each]));
      this.money = new Intl.NumberFormat("en-US", { style: "currency", currency: history.currency });
      this.stage = this.querySelector(".history__stage");
      this.reading = this.querySelector(".history__reading");
      this.#build(history);
      this.#steer();
      this.#paint();
      this.#frame();
      this.#read(this.closes.length - 1);
      this.classList.add("history--ready");
      this.querySelector(".history__picture").setAttribute("aria-hidden", "true");
    }

    #build(history) {
      const { createChart, AreaSeries, CrosshairMode } = window.LightweightCharts;
      const plot = document.createElement("div");
      plot.className = "history__plot";
      plot.setAttribute("aria-hidden", "true");
      this.stage.append(plot);
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.chart = createChart(plot, {
        autoSize: true,
        // The library's mark would bring a style element, which our policy refuses; the text
        // below the chart names it instead.
        layout: { attributionLogo: false },
        localization: {
          priceFormatter: (price) => this.money.format(price),
          tickmarksPriceFormatter: (prices) => this.#ticks(prices),
          timeFormatter: (time) => sessionName(time),
        },
        crosshair: { mode: CrosshairMode.Magnet },
        // The names of sessions are written by the marks, which know what fits.
        timeScale: { borderVisible: false, minBarSpacing: 0.05, tickMarkFormatter: () => "" },
        rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.1, bottom: 0.1 } },
        // The wheel and a finger's way down the page belong to the page.
        handleScroll: { mouseWheel: false, vertTouchDrag: false },
        handleScale: { mouseWheel: false, axisPressedMouseMove: false },
        kineticScroll: { touch: !still, mouse: false },
      });
      this.series = this.chart.addSeries(AreaSeries, {
        lineWidth: 2, lastValueVisible: false, priceLineVisible: false,
        priceFormat: { type: "custom", formatter: (price) => this.money.format(price), minMove: 0.01 },
      });
      this.series.setData(this.closes.map((each) => ({ time: each.session, value: each.close })));
      this.predictions = new Predictions(history);
      this.series.attachPrimitive(this.predictions);
      this.chart.timeScale().subscribeSizeChange(() => this.#frame());
      this.chart.subscribeCrosshairMove((move) => {
        if (move.sourceEvent !== undefined || move.logical === undefined) {
          this.reading.setAttribute("aria-live", "off");
          this.#read(move.logical ?? this.closes.length - 1);
        }
      });
    }

    // Cents on the axis only where it has some, as in the server's picture.
    #ticks(prices) {
      const texts = prices.map((price) => this.money.format(price));
      return texts.every((text) => text.endsWith(".00")) ? texts.map((text) => text.slice(0, -3)) : texts;
    }

    #steer() {
      const { signal } = this.stop;
      for (const button of this.querySelectorAll(".history__ranges button")) {
        button.disabled = false;
        button.addEventListener("click", () => this.#select(button), { signal });
      }
      this.stage.tabIndex = 0;
      this.stage.setAttribute("role", "application");
      this.stage.setAttribute("aria-label", `${this.getAttribute("summary")} Arrow keys move from session to session.`);
      this.stage.addEventListener("keydown", (event) => this.#move(event), { signal });
      this.stage.addEventListener("blur", () => this.chart.clearCrosshairPosition(), { signal });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint(), { signal });
    }

    #paint() {
      const colours = readColours();
      this.chart.applyOptions({
        layout: {
          background: { color: colours.surface }, textColor: colours.soft,
          fontFamily: colours.font, fontSize: 12,
        },
        grid: { vertLines: { visible: false }, horzLines: { color: colours.line } },
        crosshair: {
          vertLine: { color: colours.soft, labelBackgroundColor: colours.accent },
          horzLine: { color: colours.soft, labelBackgroundColor: colours.accent },
        },
      });
      this.series.applyOptions({
        lineColor: colours.accent, topColor: colours.area, bottomColor: colours.area,
        crosshairMarkerBackgroundColor: colours.accent, crosshairMarkerBorderColor: colours.surface,
      });
      this.predictions.paint(colours);
    }

    #select(chosen) {
      for (const button of this.querySelectorAll(".history__ranges button")) {
        button.setAttribute("aria-pressed", String(button === chosen));
      }
      this.sessions = Number(chosen.dataset.sessions);
      this.#frame();
    }

    // Until a range is chosen it is the server's where marks of past predictions fit, else the shortest.
    #choose(room) {
      const [shortest] = this.querySelectorAll(".history__ranges button");
      const drawn = this.querySelector(".history__ranges [aria-pressed='true']");
      this.#select(room / Math.min(drawn.dataset.sessions, this.closes.length) >= ROOMY ? drawn : shortest);
    }

    #frame() {
      const width = this.chart.timeScale().width();
      if (width === 0) return;
      const room = this.predictions.fan === null ? 0 : Math.max(FAN_LEAST, FAN_SHARE * width);
      if (this.sessions === undefined) {
        this.#choose(width - room);
        return;
      }
      const count = Math.min(this.sessions, this.closes.length);
      const last = this.closes.length - 1;
      const spacing = (width - room) / count;
      this.classList.toggle("history--dense", spacing < DENSEST);
      this.classList.toggle("history--roomy", spacing >= ROOMY);
      this.chart.timeScale().setVisibleLogicalRange({
        from: last - count + 1, to: last + (count * room) / (width - room),
      });
    }

    #move(event) {
      const last = this.closes.length - 1;
      const range = this.chart.timeScale().getVisibleLogicalRange();
      const first = Math.max(0, Math.ceil(range.from));
      const newest = Math.min(last, Math.floor(range.to));
      const now = this.cursor ?? last;
      const places = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: first, End: newest };
      if (!(event.key in places) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const index = Math.max(first, Math.min(newest, places[event.key]));
      const { session, close } = this.closes[index];
      this.chart.setCrosshairPosition(close, session, this.series);
      this.reading.setAttribute("aria-live", "polite");
      this.#read(index);
    }

    #read(place) {
      const index = Math.max(0, Math.min(this.closes.length - 1, Math.round(place)));
      this.cursor = index;
      const { session, close } = this.closes[index];
      const before = this.closes[index - 1];
      const past = this.past.get(session);
      const parts = [`${sessionName(session)}: ${this.money.format(close)}`];
      if (before !== undefined) parts.push(percent(close / before.close - 1));
      if (past !== undefined) {
        parts.push(`predicted ${this.money.format(past.predicted)}, ${past.inside_80 ? "inside" : "outside"} the 80\u202f% range`);
      }
      this.reading.textContent = parts.join(" \u00b7 ");
    }
  }

  if (window.OracleChart) customElements.define("price-chart", PriceChart);
})();
