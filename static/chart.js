// The stock page's chart: <price-chart> lays an interactive one over the picture that the server
// drew. Whatever fails, that picture and the table below it stay.
"use strict";

(() => {
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const LEVELS = [95, 80, 50];
  const DENSEST = 0.4; // Pixels for a session: with fewer, marks would cover the line they belong to.
  const FAN_SHARE = 0.12;
  const FAN_LEAST = 84;
  const FAN_MOST = 150;

  function sessionName(text, withYear = true) {
    const day = new Date(`${text}T00:00:00Z`);
    const name = `${DAYS[day.getUTCDay()]} ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]}`;
    return withYear ? `${name} ${day.getUTCFullYear()}` : name;
  }

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

  // The fan of the next session and the marks of past predictions, drawn over the line.
  class Predictions {
    constructor(history) {
      const { closes, prediction, settled } = history;
      const places = new Map(closes.map((each, index) => [each.session, index]));
      this.last = closes.length - 1;
      this.dots = settled === null ? [] : settled.predictions
        .filter((each) => places.has(each.target))
        .map((each) => ({ index: places.get(each.target), price: each.predicted, hit: each.inside_80 }));
      this.fan = this.#fan(closes[this.last], prediction);
    }

    #fan(last, prediction) {
      // Only the session right after the last close is shown as coming.
      if (prediction === null || prediction.point === null || prediction.as_of !== last.session) return null;
      const factor = last.close / prediction.starting_price;
      const prices = new Map(prediction.quantiles.map((each) => [Math.round(1000 * each.level), factor * each.price]));
      return {
        start: last.close,
        point: factor * prediction.point,
        label: sessionName(prediction.target, false),
        bands: LEVELS.map((level) => ({
          level, lower: prices.get(500 - 5 * level), upper: prices.get(500 + 5 * level),
        })),
      };
    }

    attached({ chart, series, requestUpdate }) {
      this.chart = chart;
      this.series = series;
      this.requestUpdate = requestUpdate;
    }

    paint(colours) {
      this.colours = colours;
      this.requestUpdate?.();
    }

    paneViews() {
      const draw = (target) => target.useMediaCoordinateSpace(({ context, mediaSize }) => {
        this.#drawFan(context, mediaSize.width);
        this.#drawDots(context, mediaSize.width);
      });
      return [{ zOrder: () => "top", renderer: () => ({ draw }) }];
    }

    autoscaleInfo(first, last) {
      const prices = this.dots
        .filter((dot) => dot.index >= first && dot.index <= last)
        .map((dot) => dot.price);
      if (this.fan !== null && last >= this.last) prices.push(this.fan.bands[0].lower, this.fan.bands[0].upper);
      if (prices.length === 0) return null;
      return { priceRange: { minValue: Math.min(...prices), maxValue: Math.max(...prices) } };
    }

    #x(index) { return this.chart.timeScale().logicalToCoordinate(index); }

    #drawFan(context, width) {
      const start = this.#x(this.last);
      if (this.fan === null || start === null || start > width - 12) return;
      const end = Math.min(width - 10, start + FAN_MOST);
      const y = (price) => this.series.priceToCoordinate(price);
      const from = y(this.fan.start);
      for (const { level, lower, upper } of this.fan.bands) {
        context.fillStyle = this.colours[level];
        context.beginPath();
        context.moveTo(start, from);
        context.lineTo(end, y(upper));
        context.lineTo(end, y(lower));
        context.fill();
      }
      context.strokeStyle = this.colours.ink;
      context.fillStyle = this.colours.ink;
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(start, from);
      context.lineTo(end, y(this.fan.point));
      context.stroke();
      context.beginPath();
      context.arc(end, y(this.fan.point), 4, 0, 2 * Math.PI);
      context.fill();
      context.font = `600 12px ${this.colours.font}`;
      context.textAlign = "right";
      context.fillText(this.fan.label, width - 4, y(this.fan.bands[0].upper) - 7);
    }

    #drawDots(context, width) {
      const { barSpacing } = this.chart.timeScale().options();
      if (barSpacing < DENSEST) return;
      const size = Math.max(1.5, Math.min(4, 0.35 * barSpacing));
      context.lineWidth = size > 2.5 ? 1.75 : 1.25;
      for (const dot of this.dots) {
        const x = this.#x(dot.index);
        const y = this.series.priceToCoordinate(dot.price);
        if (x === null || y === null || x < 0 || x > width) continue;
        context.strokeStyle = dot.hit ? this.colours.ink : this.colours.miss;
        context.fillStyle = this.colours.surface;
        context.beginPath();
        if (dot.hit) {
          context.arc(x, y, size, 0, 2 * Math.PI);
          context.fill();
        } else {
          // A cross, so that a miss is told by its form as well as by its colour.
          const arm = Math.max(3, size);
          context.moveTo(x - arm, y - arm);
          context.lineTo(x + arm, y + arm);
          context.moveTo(x - arm, y + arm);
          context.lineTo(x + arm, y - arm);
        }
        context.stroke();
      }
    }
  }

  class PriceChart extends HTMLElement {
    async connectedCallback() {
      this.stop = new AbortController();
      try {
        const answer = await fetch(this.getAttribute("src"), { signal: this.stop.signal });
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
      this.#select(this.querySelector(".history__ranges [aria-pressed='true']"));
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
          timeFormatter: (time) => sessionName(time),
        },
        crosshair: { mode: CrosshairMode.Magnet },
        timeScale: { borderVisible: false, minBarSpacing: 0.05 },
        rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.1, bottom: 0.06 } },
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

    #frame() {
      const width = this.chart.timeScale().width();
      if (width === 0) return;
      const count = Math.min(this.sessions, this.closes.length);
      const room = this.predictions.fan === null ? 0 : Math.max(FAN_LEAST, FAN_SHARE * width);
      const last = this.closes.length - 1;
      this.classList.toggle("history--dense", (width - room) / count < DENSEST);
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

  if (window.LightweightCharts) customElements.define("price-chart", PriceChart);
})();
