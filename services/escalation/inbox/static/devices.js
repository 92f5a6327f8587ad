// Notifications in this browser: turns them on by the button of /devices, sends the subscription again after each
// sign-in, and takes away notifications of episodes that no longer wait.

const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];
const { pushKey, reader } = document.body.dataset;
const page = find("[data-here]"); // on other pages it only sends the subscription again
const token = find("[name=csrf_token]")?.value;
const CHECKED_EACH_MS = 3_600_000, LONGEST_MS = 15_000;
const isApple = /iPhone|iPad/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
const isInstalled = matchMedia("(display-mode: standalone)").matches;

// For whom it was turned on here, as which device, what was sent last, and when the server was last asked for it.
const kept = {
  get: () => JSON.parse(localStorage.notifications ?? "null"),
  set: (value) => { localStorage.notifications = JSON.stringify(value); },
  clear: () => localStorage.removeItem("notifications"),
};

function lacking() {
  if (!window.isSecureContext) return "insecure";
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return isApple && !isInstalled ? "home-screen" : "unsupported";
  return Notification.permission === "denied" ? "blocked" : null;
}

function show(state) {
  for (const each of findAll("[data-case]", page)) each.hidden = each.dataset.case !== state;
}

function trouble(words) {
  const place = find("[data-trouble]", page);
  if (!place) return;
  place.hidden = !words;
  place.textContent = words ?? "";
}

const octets = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));

function written(key) {
  return btoa(String.fromCharCode(...new Uint8Array(key))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// With another key nothing reaches a subscription: it is made anew.
async function subscribed(worker) {
  const found = await worker.pushManager.getSubscription();
  if (found && written(found.options.applicationServerKey) === pushKey) return found;
  await found?.unsubscribe();
  return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: octets(pushKey) });
}

// Sends the subscription; `again`: by itself, which adds no device that was removed. Returns what went wrong, if anything.
async function send(subscription, { again }) {
  const { endpoint, keys } = subscription.toJSON(), device = kept.get()?.device ?? "";
  const body = new URLSearchParams({ csrf_token: token, key: pushKey, endpoint, p256dh: keys.p256dh, auth: keys.auth, device });
  if (again) body.set("again", "yes");
  const answer = await fetch("/devices", { method: "POST", body, signal: AbortSignal.timeout(LONGEST_MS) });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok) return find("[data-message]", fresh)?.textContent ?? "That didn't work. Reload the page and try again.";
  const here = find("[data-here]", fresh)?.dataset.device;
  here ? kept.set({ reader, device: here, sent: sentNow(endpoint) }) : kept.clear();
  return null;
}

const sentNow = (endpoint) => [token, pushKey, endpoint].join(" ");

async function turnOn(button) {
  const label = button.textContent;
  button.disabled = true;
  button.textContent = button.dataset.working;
  trouble(null);
  let problem = "The browser did not turn on notifications. Try again, or use another browser.";
  try {
    if (await Notification.requestPermission() !== "granted") problem = "You have not allowed notifications, so this device receives none.";
    else problem = await send(await subscribed(await registered()), { again: false });
  } catch (error) {
    if (error instanceof TypeError || error.name === "TimeoutError") problem = "The server did not respond. Try again.";
  }
  button.disabled = false;
  button.textContent = label;
  if (!problem) return location.reload();
  lacking() ? show(lacking()) : trouble(problem);
}

const registered = async () => {
  await navigator.serviceWorker.register("/service-worker.js");
  return navigator.serviceWorker.ready;
};

// A database that was restored from a backup does not know the devices that were added since.
async function isKnown({ device, checked = 0 }) {
  if (!page && Date.now() - checked < CHECKED_EACH_MS) return true;
  const answer = await fetch(`/devices?device=${device}`, { headers: { "X-Refresh": "yes" } });
  if (!answer.ok || answer.redirected) return true;  // it cannot be known now
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  kept.set({ ...kept.get(), checked: Date.now() });
  return !!find("[data-known]", fresh);
}

// Signed in anew, or the browser has another subscription by now, or the server has lost it: the server learns it once.
async function keepSending() {
  const known = kept.get();
  if (!pushKey || lacking() || known?.reader !== reader || Notification.permission !== "granted") return false;
  const subscription = await subscribed(await registered());
  if (known.sent === sentNow(subscription.endpoint) && await isKnown(known)) return false;
  return await send(subscription, { again: true }) === null;
}

async function start() {
  const state = (otherwise) => lacking() ?? (page.dataset.device ? "on" : otherwise), isShown = page && pushKey;
  if (isShown) show(state("checking"));
  const waited = new Promise((resolve) => { setTimeout(resolve, LONGEST_MS, false); });
  const sent = await Promise.race([keepSending().catch(() => false), waited]);
  if (!isShown) return;
  if (sent) return location.reload();
  show(state("off"));
}

// One look at the notifications at a time, with those of the service worker, which says why.
const inTurn = (action) => navigator.locks ? navigator.locks.request("notifications", action) : action();

// A page that was just fetched shows which episodes wait: older notifications of others are out of date. A newer one is
// of what that page does not show yet. Hidden pages leave notifications alone, since they may be suspended.
function tidy(fresh) {
  if (document.hidden || location.search || !find("[data-list=all]", fresh) && !find(".empty", fresh)) return;
  const waiting = new Set(findAll("[data-list] [data-episode]:not(.taken)", fresh).map((each) => each.dataset.episode));
  const fetchedAt = Date.parse(fresh.body.dataset.now);
  const isOver = ({ token: isToAcknowledge, kind, at }, tag) =>
    at < fetchedAt && (isToAcknowledge && !waiting.has(tag) || kind === "list" && !waiting.size);
  return inTurn(async () => {
    const worker = await navigator.serviceWorker?.getRegistration();
    for (const shown of await worker?.getNotifications() ?? []) if (isOver(shown.data ?? {}, shown.tag)) shown.close();
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-turn-on]");
  if (button) turnOn(button);
});
document.addEventListener("submit", (event) => { if (event.target.closest("[data-remove-here]")) kept.clear(); });
document.addEventListener("fetched", (event) => tidy(event.detail));
start();
tidy(document);
