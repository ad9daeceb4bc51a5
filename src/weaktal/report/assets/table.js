// The segments of the open video as a table: for reading, for the keyboard, and for those who cannot see the figure.
const MOST_ROWS = 400;

function segmentTable(video, entries, chosen, choose) {
  const body = make("tbody");
  for (const entry of entries.slice(0, MOST_ROWS)) {
    const { segment, from, said } = entry;
    const row = make("tr", { tabIndex: -1 },
      make("td", {}, from), make("td", {}, chip(video, segment.label), CLASSES[segment.label]),
      make("td", {}, clock(segment.start, 2)), make("td", {}, clock(segment.end, 2)),
      make("td", {}, segment.score === undefined || segment.score === null ? "" : segment.score.toFixed(3)),
      make("td", {}, segment.kind ? `${KINDS[segment.kind][0]} ${KINDS[segment.kind][1].split(":")[0]}` : entry.missed ? "missed" : ""),
      make("td", {}, said ?? ""));
    if (segment === chosen) row.setAttribute("aria-selected", "true");
    row.addEventListener("click", () => choose(segment));
    body.append(row);
  }
  const heads = ["from", "class", "start", "end", "score", DATA.truth ? "kind" : "", "your word"];
  const table = make("table", { className: "numbers" },
    make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)))), body);
  const more = entries.length - MOST_ROWS;
  return more > 0 ? [table, make("p", { className: "quiet" }, `and ${more} more: filter or zoom to see them`)] : [table];
}
