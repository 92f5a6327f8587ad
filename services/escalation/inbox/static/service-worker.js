// Shows notifications while no page is open, and sends what their button says. It keeps no page: what pages show is
// always fetched. The server decides what a press does; this only shows its answer.

const LATE = "This arrived late: the time to respond has passed.";
const NOT_SENT = "Not acknowledged: the server did not respond. Try again, or open the episode.";
const IS_HERE = /data-device="([^"]+)"/;  // on the page of the devices: this browser is one of them
const LONGEST_MS = 10_000, LONGEST_TURN_MS = 3_000;
const scope = self.registration;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(receive(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { data, title } = event.notification;
  event.waitUntil(event.action === "acknowledge" ? acknowledge(data, title) : open(data?.url ?? "/"));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

// Chromium forgets a notification that begins to show while another look at the notifications runs: then it cannot be
// pressed or taken back. So only one part of this site, page or worker, looks at them or shows one at a time. An open
// page that the system has suspended may keep its turn: then this one does not wait for its end.
function inTurn(action) {
  if (!navigator.locks) return action();
  let result;
  const start = () => (result = action());
  const signal = AbortSignal.timeout(LONGEST_TURN_MS);
  return navigator.locks.request("notifications", { signal }, start).catch(() => result ?? start());
}

async function receive(data) {
  let message;
  try {
    message = data.json();
  } catch {  // browsers want every message to show something
    message = { title: "Handoff", body: "Open your inbox to see what is new.", url: "/", tag: "unreadable" };
  }
  await inTurn(async () => {
    const shown = await shownWith(message.tag);
    if (isNewer(shown, message)) return keep(shown);
    message.kind === "over" ? await takeBack(message, shown) : await ring(message);
  });
}

// An alert is shown in any case.
async function shownWith(tag) {
  const [shown] = await scope.getNotifications({ tag }).catch(() => []);
  return shown;
}

// Messages may arrive in another order than they were sent in. `at` is the server's time of what a message shows, or of
// the latest notification that it takes back; messages of earlier versions have none, and replace any.
const rank = ({ at, kind }) => kind === "over" ? at + 0.5 : at;
const isNewer = (shown, message) => rank(message) < rank(shown?.data ?? {});

// Browsers end a subscription whose messages show nothing, so what stays is shown once more, without a sound.
function keep({ data, title, body, actions = [] }) {
  return show({ ...data, title }, { body, actions: [...actions], silent: true });
}

function ring(message) {
  const late = message.until && Date.now() >= message.until;
  return show(message, {
    body: late ? `${message.body}\n${LATE}` : message.body,
    actions: late || !message.token ? [] : message.actions,
    renotify: true,
  });
}

function show(message, { body, actions = [], renotify = false, silent = false }) {
  const { title, tag } = message, most = Notification.maxActions ?? 0;  // Safari and Firefox show no buttons
  return scope.showNotification(title, {
    body, tag, silent, renotify: renotify && !silent, data: message, actions: actions.slice(0, most),
    icon: "/inbox/icon-192.png", badge: "/inbox/badge.png",  // with a digest, as the server sends this script
  });
}

// What nobody needs any more is replaced by the reason, or goes.
async function takeBack(message, wasShown) {
  await show(message, { body: message.body, silent: true });
  if (wasShown && message.stays) return;
  for (const each of await scope.getNotifications({ tag: message.tag })) each.close();
}

// Until an answer of Handoff decides it, the button stays: without a connection, while the server is away or overloaded,
// or if something between answers for it.
async function acknowledge(message, title) {
  const { device, alert, until, token } = message;
  let said = { message: NOT_SENT }, isDecided = false;
  try {
    const response = await fetch("/push/acknowledge", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ device, alert, until, token }),
      credentials: "omit",
      signal: AbortSignal.timeout(LONGEST_MS),
    });
    const read = await response.json();
    if (typeof read.message === "string") {
      said = read;
      isDecided = response.status < 500 && ![408, 429].includes(response.status);
    }
  } catch {}  // the words for this are set above
  const { message: body, url = message.url } = said;
  if (!isDecided) return answer({ ...message, title }, { body, actions: message.actions });
  await answer({ ...message, title, url, token: undefined }, { body, silent: true });
}

// A newer notification that came meanwhile stays.
function answer(message, options) {
  return inTurn(async () => isNewer(await shownWith(message.tag), message) || show(message, options));
}

// An open page that shows it comes to the front, where the system allows that; another one is left as it is, since its
// reader may be writing in it.
async function open(url) {
  const path = new URL(url, self.location.origin).pathname;
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((each) => new URL(each.url).pathname === path), another = () => self.clients.openWindow(path);
  return page ? page.focus().catch(another) : another();
}

// The browser has changed its subscription. Signed out, there is no form: then the next page of who turned it on sends
// it. The server adds no device for someone who did not turn on notifications here: then the subscription ends.
async function renew({ newSubscription }) {
  const page = await (await fetch("/devices", { headers: { "X-Refresh": "yes" } })).text();
  const [, token] = page.match(/name="csrf_token" value="([^"]+)"/) ?? [], [, key] = page.match(/data-push-key="([^"]+)"/) ?? [];
  if (!token || !key) return;
  const subscription = newSubscription ?? await scope.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys: { p256dh, auth } } = subscription.toJSON(), [, device = ""] = page.match(IS_HERE) ?? [];
  const body = new URLSearchParams({ csrf_token: token, endpoint, p256dh, auth, key: written(subscription.options.applicationServerKey), again: "yes", device });
  const response = await fetch("/devices", { method: "POST", body });
  if (response.status < 500 && !IS_HERE.test(await response.text())) await subscription.unsubscribe();
}

function written(key) {
  const text = btoa(String.fromCharCode(...new Uint8Array(key)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
