// What the page holds: rows (what was compared), videos, and segments as flat lists of numbers. Text is only ever text.
const DATA = JSON.parse(document.getElementById("data").textContent);
const CLASSES = DATA.classes, ROWS = DATA.rows, VIDEOS = DATA.videos;
const KINDS = {
  hit: ["✓", "hit: overlaps an annotated segment of its class well enough"],
  double: ["2", "double: a second prediction of an action that another one has already found"],
  label: ["A", "wrong class: the right time, under another name"],
  localization: ["↔", "badly placed: the right class, but the ends are off"],
  confusion: ["?", "confused: another class, and the ends are off"],
  background: ["∅", "background: nothing is annotated there"],
};
const SIGNS = ["solid", "hatch", "back", "cross", "dots", "rows", "columns", "hollow"];
const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value; else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// Scrolls a box, and nothing around it, until something inside is in sight; after all that is drawn now.
function reveal(box, inside) {
  requestAnimationFrame(() => {
    const frame = box.getBoundingClientRect(), { top, bottom } = inside.getBoundingClientRect();
    if (top < frame.top) box.scrollTop -= frame.top - top;
    else if (bottom > frame.bottom) box.scrollTop += bottom - frame.bottom;
  });
}

function clock(seconds, digits = 0) {
  const sign = seconds < 0 ? "-" : "", whole = Math.abs(seconds);
  const minutes = Math.floor(whole / 60), hours = Math.floor(minutes / 60);
  const rest = (whole - 60 * minutes).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return `${sign}${hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}` : minutes}:${rest}`;
}

function decoded(text) {  // base64 of little-endian 16 bit numbers: shares of the curve's top
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Uint16Array(bytes.buffer);
}

// Segments of a row as objects, made when a video is first looked at.
function segmentsOf(video, row) {
  const found = video.found[row];
  if (!found) return [];
  found.segments ??= unpack(found.flat, 6).map(([start, end, label, score, kind, final], index) => ({
    start, end, label, score, kind: DATA.kinds[kind] ?? null, final: Boolean(final), row, index,
  }));
  return found.segments;
}

function truthOf(video) {
  video.segments ??= video.truth && unpack(video.truth, 3).map(([start, end, label], index) => ({ start, end, label, index }));
  return video.segments;
}

function unpack(flat, width) {
  const rows = [];
  for (let at = 0; at < flat.length; at += width) rows.push(flat.slice(at, at + width));
  return rows;
}

function overlap(a, b) {
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return shared > 0 ? shared / (a.end - a.start + b.end - b.start - shared) : 0;
}

function lengthOf(video) {
  if (video.duration) return video.duration;
  let last = 0;
  for (let row = 0; row < ROWS.length; row++) for (const s of segmentsOf(video, row)) last = Math.max(last, s.end);
  for (const s of truthOf(video) ?? []) last = Math.max(last, s.end);
  return last || 1;
}

// The classes of one video, what is certain first: eight of them have a colour and a pattern of their own, the others are grey.
function classesOf(video) {
  if (video.shownClasses) return video.shownClasses;
  const order = new Map();
  const add = (label, weight) => order.set(label, Math.max(order.get(label) ?? -1, weight));
  for (const s of truthOf(video) ?? []) add(s.label, 3e9 - s.start);
  for (const label of video.tags) add(label, 2e9 - label);
  for (let row = 0; row < ROWS.length; row++) for (const s of segmentsOf(video, row)) if (s.final) add(s.label, s.score);
  video.shownClasses = [...order].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([label]) => label);
  return video.shownClasses;
}

function look(video, label) {
  const place = classesOf(video).indexOf(label);
  return place >= 0 && place < 8 ? { color: `--c${place}`, sign: SIGNS[place] } : { color: "--other", sign: "hollow" };
}

function chip(video, label) {
  return make("i", { className: `chip ${look(video, label).color.slice(2)}` });
}
