"use strict";
// Shows one row at a time. The address names the row, so each step is a link, and back and forward work.
// Without this script the page holds the same rows, one below the other.
(() => {
  const byId = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll(".pair")];
  if (rows.length === 0) return;
  const timeline = byId("steps");
  const links = new Map();
  for (const link of timeline.querySelectorAll(".rows a")) links.set(link.hash.slice(1), link);
  let here = -1;
  let every = false;

  // The row that a fragment names, -1 if it names something else.
  const named = (fragment) => {
    const place = byId(decodeURIComponent(fragment.slice(1)));
    return place ? rows.indexOf(place.closest(".pair")) : -1;
  };

  const follow = (link) => {
    const box = timeline.getBoundingClientRect();
    const at = link.getBoundingClientRect();
    if (at.top < box.top + 48 || at.bottom > box.bottom - 48) {
      timeline.scrollTop += at.top - box.top - box.height / 3;
    }
  };

  const mark = (row, on) => {
    row.classList.toggle("here", on);
    row.parentElement.classList.toggle("here", on);
    const link = links.get(row.dataset.row);
    const step = link.closest(".steps > li");
    step.classList.toggle("here", on);
    for (const one of [link, step.querySelector(".step-link")]) {
      if (on) one.setAttribute("aria-current", one === link ? "true" : "step");
      else one.removeAttribute("aria-current");
    }
    if (on) follow(link);
  };

  const said = (row) => [...row.querySelectorAll(".side")].map((side) =>
    side.querySelector(".name").textContent + ": " + side.querySelector(".did, .quiet").textContent);

  // A link that was followed leaves the focus nowhere; so does a row that goes away with it.
  const show = (at, moved, followed) => {
    if (here >= 0) mark(rows[here], false);
    const focus = document.activeElement;
    const lost = focus === document.body ? followed : here >= 0 && rows[here].contains(focus);
    here = at;
    const row = rows[at];
    mark(row, true);
    byId("position").textContent = "row " + (at + 1) + " of " + rows.length;
    byId("previous").disabled = at === 0;
    byId("next").disabled = at === rows.length - 1;
    if (!moved) return;
    byId("announcer").textContent = [row.querySelector("h3").textContent, ...said(row)].join(". ");
    if (lost) row.querySelector("h3").focus({ preventScroll: true });
    const top = (every ? row : byId("rows")).getBoundingClientRect().top;
    if (top < 0 || top > innerHeight / 3 || every) (every ? row : byId("rows")).scrollIntoView();
  };

  const go = (at) => {
    const to = Math.max(0, Math.min(rows.length - 1, at));
    if (to === here) return;
    history.pushState(null, "", "#" + rows[to].dataset.row); // unlike a new hash, it leaves the focus alone
    show(to, true, false);
  };

  // Steps are those of the echo that is shown.
  const goToStep = (number) => {
    const steps = [...document.querySelectorAll(".step")];
    const now = rows[here].parentElement;
    const same = steps.filter((one) => one.dataset.step === number && one.dataset.echo === now.dataset.echo);
    if (same.length > 0) go(rows.indexOf(same[0].querySelector(".pair")));
  };

  const inTimeline = () => timeline.contains(document.activeElement);

  const moves = {
    ArrowLeft: () => go(here - 1),
    ArrowRight: () => go(here + 1),
    Home: () => go(0),
    End: () => go(rows.length - 1),
    k: () => go(here - 1),
    j: () => go(here + 1),
    ArrowUp: () => go(here - 1),
    ArrowDown: () => go(here + 1),
  };

  const move = (key) => {
    const letter = key.length === 1;
    if (letter && !byId("letters").checked) return null;
    if ((key === "ArrowUp" || key === "ArrowDown") && !inTimeline()) return null;
    return letter && key >= "1" && key <= "8" ? () => goToStep(key) : moves[key];
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const wanted = move(event.key);
    if (!wanted) return;
    event.preventDefault();
    wanted();
    // Focus goes along in the timeline; elsewhere it stays where the reader left it.
    if (inTimeline()) links.get(rows[here].dataset.row).focus({ preventScroll: true });
  });

  addEventListener("hashchange", () => {
    const at = named(location.hash);
    if (at >= 0 && at !== here) show(at, true, true);
  });

  // The focus stays in the list, so that its keys go on from there.
  timeline.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(named(link.hash));
  });

  byId("previous").addEventListener("click", () => go(here - 1));
  byId("next").addEventListener("click", () => go(here + 1));
  byId("all").addEventListener("click", () => {
    every = !every;
    document.documentElement.classList.toggle("every", every);
    byId("all").setAttribute("aria-pressed", String(every));
    rows[here].scrollIntoView();
  });

  document.documentElement.classList.add("stepping");
  const start = named("#" + byId("rows").dataset.start);
  show(Math.max(0, named(location.hash) >= 0 ? named(location.hash) : start), named(location.hash) >= 0, false);
})();
