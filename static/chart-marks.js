// What the stock page's chart shows beside its line: the fan of the next session, past predictions,
// the names of sessions. Canvas alone; static/chart.js puts it on the chart.
"use strict";

(() => {
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const LEVELS = [95, 80, 50];
  // Pixels for a session: with fewer than these, marks of their own would cover the line, and
  // ticks below it would run into each other.
  const ROOMY = 6;
  const DENSEST = 0.4;
  const STRIP_SHORT = 5;
  const STRIP_TALL = 12;
  const FAN_MOST = 150;
  const TICK_ROOM = 84;

  function sessionName(text, withYear = true) {
    const day = new Date(`${text}T00:00:00Z`);
    const name = `${DAYS[day.getUTCDay()]} ${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]}`;
    return withYear ? `${name} ${day.getUTCFullYear()}` : name;
  }

  function dayName(text) {
    return `${Number(text.slice(8))} ${MONTHS[Number(text.slice(5, 7)) - 1]}`;
  }

  function monthName(text) {
    return `${MONTHS[Number(text.slice(5, 7)) - 1]} ${text.slice(0, 4)}`;
  }

  function monthOf(text) {
    return 12 * Number(text.slice(0, 4)) + Number(text.slice(5, 7)) - 1;
  }

  function weekOf(text) {
    // The first of January 1970 was a Thursday; weeks start with Monday.
    return Math.floor((Date.parse(`${text}T00:00:00Z`) / 86_400_000 + 3) / 7);
  }

  // The fan of the next session and the marks of past predictions, drawn over the line.
  class Predictions {
    constructor(history) {
      const { closes, prediction, settled } = history;
      const places = new Map(closes.map((each, index) => [each.session, index]));
      this.sessions = closes.map((each) => each.session);
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
        this.#drawPast(context, mediaSize);
      });
      return [{ zOrder: () => "top", renderer: () => ({ draw }) }];
    }

    timeAxisPaneViews() {
      const draw = (target) => target.useMediaCoordinateSpace(({ context, mediaSize }) => {
        this.#drawTimes(context, mediaSize);
      });
      return [{ renderer: () => ({ draw }) }];
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
      const end = this.#end(start, width);
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
    }

    #end(start, width) { return Math.min(width - 10, start + FAN_MOST); }

    // The chart's own labels would be cut at its edges; these are left out where they do not fit.
    #drawTimes(context, { width, height }) {
      const start = this.#x(this.last);
      let room = width;
      context.textAlign = "center";
      context.textBaseline = "middle";
      if (this.fan !== null && start !== null && start <= width - 12) {
        context.font = `600 12px ${this.colours.font}`;
        context.fillStyle = this.colours.ink;
        const half = context.measureText(this.fan.label).width / 2;
        const middle = Math.min(this.#end(start, width), width - half);
        context.fillText(this.fan.label, middle, height / 2);
        room = middle - half - 12;
      }
      context.font = `400 12px ${this.colours.font}`;
      context.fillStyle = this.colours.soft;
      for (const { index, text } of this.#ticks()) {
        const x = this.#x(index);
        const half = context.measureText(text).width / 2;
        if (x !== null && x - half >= 0 && x + half <= room) context.fillText(text, x, height / 2);
      }
    }

    // The first sessions of every so many months, or of weeks where a month is wide.
    #ticks() {
      const { barSpacing } = this.chart.timeScale().options();
      const { from, to } = this.chart.timeScale().getVisibleLogicalRange() ?? { from: 0, to: -1 };
      const byWeek = 10 * barSpacing >= TICK_ROOM;
      const steps = byWeek ? [1, 2] : [1, 2, 3, 6, 12, 24];
      const length = byWeek ? 5 : 21;
      const step = steps.find((each) => each * length * barSpacing >= TICK_ROOM) ?? 60;
      const period = byWeek ? weekOf : monthOf;
      const ticks = [];
      for (let index = Math.max(1, Math.ceil(from)); index <= Math.min(this.last, to); index += 1) {
        const now = period(this.sessions[index]);
        if (now === period(this.sessions[index - 1]) || now % step !== 0) continue;
        ticks.push({ index, text: byWeek ? dayName(this.sessions[index]) : monthName(this.sessions[index]) });
      }
      return ticks;
    }

    #drawPast(context, { width, height }) {
      const { barSpacing } = this.chart.timeScale().options();
      if (barSpacing < DENSEST) return;
      if (barSpacing < ROOMY) this.#drawStrip(context, width, height, barSpacing);
      else this.#drawDots(context, width, barSpacing);
    }

    // Where marks would cover the line: a short tick for a hit, a tall one for a miss, below it.
    #drawStrip(context, width, height, spacing) {
      const thick = Math.max(1, Math.min(2, 0.6 * spacing));
      for (const dot of this.dots) {
        const x = this.#x(dot.index);
        if (x === null || x < 0 || x > width) continue;
        context.fillStyle = dot.hit ? this.colours.soft : this.colours.miss;
        const tall = dot.hit ? STRIP_SHORT : STRIP_TALL;
        context.fillRect(x - thick / 2, height - 2 - tall, thick, tall);
      }
    }

    #drawDots(context, width, spacing) {
      const size = Math.max(2, Math.min(4, 0.35 * spacing));
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

  window.OracleChart = { DENSEST, ROOMY, Predictions, sessionName };
})();
