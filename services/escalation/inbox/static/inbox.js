// Keeps the page true: the server says that something changed, the page fetches itself again and takes over what
// differs, in place. Nothing on screen moves: what is new goes to the end until the list is opened again.
"use strict";

const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];
const zone = document.body.dataset.zone;
const ahead = Date.parse(document.body.dataset.now) - Date.now();
const STALE_MS = 25_000;
let seenAt = Date.now(), source = null, fetching = false, again = false, news = 0, retryMs = 1000;

// Time that passes ------------------------------------------------------------------------------------------------

function ago(at) {
  const seconds = (Date.now() + ahead - at) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  const days = Math.round(seconds / 86400);
  return days < 14 ? `${days} ${days === 1 ? "day" : "days"} ago` : null;
}

const clock = (at, timeZone) =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(at);

function write(element, text) {
  if (element && text !== null && element.textContent !== text) element.textContent = text;
}

function tick() {
  for (const time of findAll("[data-time]")) write(time, ago(Date.parse(time.dateTime)));
  for (const there of findAll("[data-clock]")) write(there, clock(Date.now() + ahead, there.dataset.clock));
  if (Date.now() - seenAt > STALE_MS) connect();
}

// What the connection is worth --------------------------------------------------------------------------------------

function show(state) {
  const place = find("[data-connection]");
  place.hidden = false;
  if (state === "live") seenAt = Date.now();
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  write(place, state === "live" ? "Live" : `Reconnecting, last seen ${clock(seenAt + ahead, zone)}`);
}

function connect() {
  source?.close();
  source = new EventSource("/live");
  source.addEventListener("changed", () => { retryMs = 1000; refresh(); });
  source.addEventListener("alive", () => { show("live"); write(find("[data-checked]"), clock(Date.now() + ahead, zone)); });
  source.addEventListener("paused", () => show("lost"));
  source.addEventListener("error", () => {
    show("lost");
    if (source.readyState === EventSource.CLOSED) later(connect);
  });
}

function later(action) {
  setTimeout(action, retryMs * (0.5 + Math.random()));
  retryMs = Math.min(retryMs * 2, 15_000);
}

// Catching up -------------------------------------------------------------------------------------------------------

async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  const chosen = find("[data-detail] [data-episode]")?.dataset.episode;
  try {
    let answer = await fetch((chosen ? `/episodes/${chosen}` : "/") + location.search, { cache: "no-store" });
    if (answer.status === 404) answer = await fetch("/" + location.search, { cache: "no-store" });
    if (new URL(answer.url).pathname === "/sign-in") return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"), true);
    show("live");
  } catch {
    show("lost");
    again = false;
    later(refresh);
  } finally {
    fetching = false;
  }
  if (again) { again = false; refresh(); }
}

function takeOver(fresh, announced) {
  document.title = fresh.title;
  write(find("[data-count]"), find("[data-count]", fresh)?.textContent ?? "");
  const list = find("[data-list]"), freshList = find("[data-list]", fresh);
  if (!list || !freshList) {
    if (list || freshList) find("[data-main]").replaceWith(find("[data-main]", fresh));
    return tick();
  }
  const known = new Set(findAll("[data-episode]", list).map((row) => row.dataset.episode));
  for (const row of findAll("[data-episode]", list)) replace(row, find(`#${row.id}`, freshList), announced);
  for (const row of findAll("[data-episode]", freshList)) if (!known.has(row.dataset.episode)) arrive(list, row);
  const shown = find("[data-detail] [data-episode]");
  const next = shown && find(`[data-detail] [data-episode="${shown.dataset.episode}"]`, fresh);
  if (shown && next) replace(shown, next, announced);
  tick();
}

function replace(old, fresh, announced) {
  if (!fresh) { old.inert = true; return; }
  old.inert = false;
  if (old.dataset.version === fresh.dataset.version || find("[aria-busy]", old)) return;
  const held = old.contains(document.activeElement), kept = findAll("[data-keep]", old).map((each) => each.open);
  findAll("[data-keep]", fresh).forEach((each, place) => { each.open = kept[place] ?? false; });
  if (announced) fresh.dataset.changed = "";
  find("h3 a", old)?.hasAttribute("aria-current") && find("h3 a", fresh)?.setAttribute("aria-current", "true");
  old.replaceWith(fresh);
  const next = [...findAll(".actions .button", fresh), find("h3 a", fresh)].find((each) => each?.checkVisibility());
  if (held) next?.focus({ preventScroll: true });
}

function arrive(list, row) {
  row.dataset.arrived = "";
  find("h3 a", row).removeAttribute("aria-current");
  list.append(row);
  news += 1;
  const pill = find("[data-news]");
  pill.hidden = false;
  write(pill, `${news} new`);
  write(find("[data-announce]"), `New: ${find("h3 a", row).textContent}, ${find(".tag", row).textContent}`);
}

// Buttons answer at once; without this script they are plain forms -----------------------------------------------------

async function act(event) {
  const form = event.target.closest("form[data-action]");
  if (!form) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  const button = find("button", form), label = button.innerHTML, trouble = find(".trouble", form);
  form.setAttribute("aria-busy", "true");
  trouble.hidden = true;
  button.textContent = button.dataset.working;
  let problem = "No connection, so nothing was changed. Press again when this page says “Live”.";
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    form.removeAttribute("aria-busy");
    if (answer.ok) { takeOver(page, false); write(find("[data-announce]"), "Acknowledged"); problem = null; }
    else problem = find("[data-message]", page)?.textContent ?? "That did not work. Reload the page and try again.";
  } catch { /* the words for this are set above */ }
  form.removeAttribute("aria-busy");
  if (problem) { button.innerHTML = label; trouble.hidden = false; write(trouble, problem); }
}

document.addEventListener("submit", act);
document.addEventListener("visibilitychange", () => { if (!document.hidden) { tick(); refresh(); } });
setInterval(tick, 5000);
setInterval(refresh, 60_000);
connect();
