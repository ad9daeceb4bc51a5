"use strict";
// Shows time and scores at the pointer, or at the moment that the arrow keys move to. Text goes in as text, never as HTML.
const tip = document.getElementById("tip");

function line(name, value, color) {
  const row = document.createElement("div"), label = document.createElement("span");
  if (color) {
    const chip = document.createElement("i");
    chip.className = `chip ${color}`;
    label.append(chip);
  }
  label.append(name);
  row.append(label, Object.assign(document.createElement("span"), { textContent: value }));
  return row;
}

function heading(text) {
  return Object.assign(document.createElement("b"), { textContent: text });
}

function nearest(times, moment) {
  let low = 0, high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < moment) low = middle + 1; else high = middle;
  }
  return low > 0 && moment - times[low - 1] < times[low] - moment ? low - 1 : low;
}

function fill(data, moment, said) {
  tip.replaceChildren(heading(`${moment.toFixed(2)} s`));
  if (data.truth) {  // null where nobody annotated the video
    const now = data.truth.filter(([, start, end]) => start <= moment && moment < end).map(([label]) => label);
    tip.append(line("truth", now.join(", ") || "background"));
  }
  if (said) tip.append(heading(said));
  for (const branch of data.branches) {
    tip.append(heading(branch.name));
    const at = nearest(branch.times, moment);
    for (const [label, color, scores] of branch.curves) tip.append(line(label, scores[at].toFixed(3), color));
  }
}

for (const figure of document.querySelectorAll(".figure")) {
  const data = JSON.parse(figure.querySelector(".figure-data").textContent);
  const cursor = figure.querySelector(".cursor"), axis = figure.querySelector(".axis");
  let moment = 0;
  for (const title of figure.querySelectorAll("rect > title")) {  // else the browser shows a second tip
    title.parentNode.dataset.said = title.textContent;
    title.remove();
  }
  const show = (x, y, said) => {
    const plot = axis.getBoundingClientRect(), frame = figure.getBoundingClientRect();
    moment = Math.min(Math.max((x - plot.left) / plot.width, 0), 1) * data.duration;
    cursor.style.left = `${plot.left - frame.left - figure.clientLeft + plot.width * moment / data.duration}px`;
    cursor.hidden = tip.hidden = false;
    fill(data, moment, said);
    const left = x + 16 + tip.offsetWidth > window.innerWidth ? x - 16 - tip.offsetWidth : x + 16;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.max(4, Math.min(y + 16, window.innerHeight - tip.offsetHeight - 4))}px`;
  };
  const hide = () => { cursor.hidden = tip.hidden = true; };
  const point = (event) => {
    if (event.target.closest(".plot")) show(event.clientX, event.clientY, event.target.dataset.said); else hide();
  };
  figure.addEventListener("pointermove", point);
  figure.addEventListener("pointerdown", point);
  figure.addEventListener("pointerleave", hide);
  figure.addEventListener("blur", hide);
  figure.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") hide();
    if (!steps) return;
    event.preventDefault();
    const plot = axis.getBoundingClientRect();
    const next = Math.min(Math.max(moment + steps * data.duration / 100, 0), data.duration);
    show(plot.left + plot.width * next / data.duration, figure.getBoundingClientRect().top + 40);
  });
}
