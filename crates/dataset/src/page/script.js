"use strict";
// Without this script everything is there but the read-out of values under the pointer.
(() => {
  const numbers = new WeakMap();

  // The stretches of a line, each a list of [place, height], read back from its path.
  const stretches = (path) => {
    if (!numbers.has(path)) {
      const parts = path.getAttribute("d").split("M").slice(1).map((part) => {
        const flat = part.trim().split(" ").map(Number);
        const points = [];
        for (let i = 0; i + 1 < flat.length; i += 2) points.push([flat[i], flat[i + 1]]);
        return points;
      });
      numbers.set(path, parts);
    }
    return numbers.get(path);
  };

  // The heights of a line at a place: two where a column stands for many frames.
  const heights = (path, place) => {
    for (const points of stretches(path)) {
      if (place < points[0][0] || place > points[points.length - 1][0]) continue;
      let low = 0, high = points.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (points[middle][0] < place) low = middle + 1; else high = middle;
      }
      if (points[low][0] === place) {
        let last = low;
        while (last + 1 < points.length && points[last + 1][0] === place) last += 1;
        return [points[low][1], points[last][1]];
      }
      const [before, after] = [points[low - 1], points[low]];
      const height = before[1] + (after[1] - before[1]) * (place - before[0]) / (after[0] - before[0]);
      return [height, height];
    }
    return null;
  };

  const text = (value, span) => value.toFixed(Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(span / 5)))));

  const readOut = (plot, share) => {
    const low = Number(plot.dataset.low), high = Number(plot.dataset.high);
    const place = Math.round(share * Number(plot.dataset.right));
    const output = plot.querySelector("output");
    output.replaceChildren();
    for (const kind of ["state", "action", "sent"]) {
      const path = plot.querySelector("path." + kind);
      const found = path && heights(path, place);
      if (!found) continue;
      const values = found.map((height) => text(high - height / 1000 * (high - low), high - low));
      values.sort((a, b) => a - b);
      const span = document.createElement("span");
      span.className = "on-" + kind;
      span.textContent = " " + (values[0] === values[1] ? values[0] : values.join("…"));
      output.append(span);
    }
    const cursor = plot.querySelector(".cursor");
    cursor.style.display = "block";
    cursor.style.left = share * 100 + "%";
  };

  const show = (episode, share) => {
    const last = Number(episode.dataset.last);
    const frame = Math.round(share * last);
    for (const plot of episode.querySelectorAll(".plot")) {
      readOut(plot, share);
      plot.querySelector(".axis span").textContent = (frame / Number(episode.dataset.fps)).toFixed(2) + " s, frame " + frame;
    }
    for (const strip of episode.querySelectorAll(".strip")) {
      let nearest = null;
      for (const figure of strip.children) {
        figure.classList.remove("now");
        const off = Math.abs(figure.dataset.frame - frame);
        if (!nearest || off < nearest.off) nearest = { figure, off };
      }
      if (nearest) nearest.figure.classList.add("now");
    }
  };

  const hide = (episode) => {
    for (const plot of episode.querySelectorAll(".plot")) {
      plot.querySelector("output").replaceChildren();
      plot.querySelector(".cursor").style.display = "none";
      plot.querySelector(".axis span").textContent = "0";
    }
    for (const figure of episode.querySelectorAll(".now")) figure.classList.remove("now");
  };

  for (const episode of document.querySelectorAll(".episode")) {
    const follow = (event) => {
      const canvas = event.target.closest(".canvas");
      const figure = event.target.closest("[data-frame]");
      if (canvas) {
        const box = canvas.getBoundingClientRect();
        show(episode, Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
      } else if (figure) {
        show(episode, figure.dataset.frame / Math.max(1, episode.dataset.last));
      } else if (episode.querySelector(".cursor[style*=block]")) {
        hide(episode);
      }
    };
    episode.addEventListener("pointermove", follow);
    episode.addEventListener("pointerdown", follow);
    episode.addEventListener("pointerleave", () => hide(episode));
  }
  document.documentElement.dataset.ready = "yes";
})();
