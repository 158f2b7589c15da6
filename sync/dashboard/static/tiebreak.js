/* Tiebreak's script: times and numbers as the reader writes them, definitions beside their words, and pages that
   change by themselves. Everything works without it. */
"use strict";

(() => {
  const EVERY = 1500; // milliseconds between two looks at what has changed
  const TYPING = "input:not([type=hidden]), textarea, select";

  /* Numbers and times in the reader's form. */
  const parts = new Intl.NumberFormat().formatToParts(1234567.5);
  const mark = (type, other) => (parts.find((one) => one.type === type) || { value: other }).value;
  const group = mark("group", ""), decimal = mark("decimal", ".");
  const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

  function localise(root) {
    if (group !== "," || decimal !== ".") {
      for (const one of root.querySelectorAll("data[value]")) {
        one.textContent = one.textContent.replace(/[.,]/g, (sign) => (sign === "," ? group : decimal));
      }
    }
    for (const one of root.querySelectorAll("time[datetime]")) {
      const at = new Date(one.dateTime);
      if (isNaN(at)) continue;
      one.title = one.textContent;
      one.textContent = moments.format(at);
    }
  }

  /* A definition stands beside its word, inside the window; Escape puts it away. */
  function placeTip(event) {
    const word = event.target instanceof Element ? event.target.closest(".defined") : null;
    const tip = word && word.querySelector(".tip");
    if (!tip) return;
    word.classList.remove("away");
    const box = word.getBoundingClientRect(), edge = 8;
    const width = document.documentElement.clientWidth, height = tip.offsetHeight;
    const under = box.bottom + height + edge < innerHeight;
    tip.style.left = `${Math.max(edge, Math.min(box.left, width - tip.offsetWidth - edge))}px`;
    tip.style.top = `${under ? box.bottom : Math.max(edge, box.top - height)}px`;
    tip.style.right = tip.style.bottom = "auto";
  }
  document.addEventListener("pointerover", placeTip);
  document.addEventListener("focusin", placeTip);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const one of document.querySelectorAll(".defined:hover, .defined:focus-within")) one.classList.add("away");
  });

  /* A choice of a filter is shown at once. */
  document.addEventListener("change", (event) => {
    if (event.target.matches("form.filter select")) event.target.form.requestSubmit();
  });

  /* The page as it is now, without what the reader is at being taken away. */
  const main = document.getElementById("main");
  const masked = /(name="form_token" value=")[^"]*/g; // another one each time, and no change
  const sent = (root) => [...root.children].map((one) => one.outerHTML.replace(masked, "$1"));
  let shown = sent(main), tag = main.dataset.live, looking = false;

  function busy(part) {
    const dirty = (one) => one.value !== undefined && one.defaultValue !== undefined && one.value !== one.defaultValue;
    return part.contains(document.activeElement) && document.activeElement.matches(TYPING)
      || [...part.querySelectorAll("input, textarea")].some(dirty);
  }

  function replace(old, fresh) {
    const open = [...old.querySelectorAll("details")].map((one) => one.open);
    const focus = document.activeElement && old.contains(document.activeElement) && document.activeElement.id;
    localise(fresh);
    fresh.querySelectorAll("details").forEach((one, place) => { one.open = Boolean(open[place]); });
    old.replaceWith(fresh);
    if (focus && document.getElementById(focus)) document.getElementById(focus).focus();
  }

  function change(text) {
    const now = new DOMParser().parseFromString(text, "text/html").getElementById("main");
    if (!now) return false;
    const fresh = sent(now), whole = fresh.length !== shown.length;
    if (whole && busy(main)) return false;
    let all = true;
    if (whole) {
      localise(now);
      main.replaceChildren(...now.children);
    } else {
      [...now.children].forEach((one, place) => {
        if (fresh[place] === shown[place]) return;
        if (busy(main.children[place])) { all = false; fresh[place] = shown[place]; } else replace(main.children[place], one);
      });
    }
    shown = fresh;
    return all && now.dataset.live;
  }

  function sayLoggedOut() {
    delete main.dataset.live;
    const said = document.createElement("p"), link = document.createElement("a");
    said.className = "notice";
    said.setAttribute("role", "status");
    link.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = "Log in";
    said.append("Your login has ended, so this page does not change any more. ", link);
    main.prepend(said);
  }

  async function look() {
    if (looking || document.hidden || !main.dataset.live) return;
    looking = true;
    try {
      const reply = await fetch(location.href, { headers: { "If-None-Match": `"${tag}"`, "X-Tiebreak-Look": "1" } });
      if (reply.redirected || reply.status === 401) sayLoggedOut();
      else if (reply.ok) tag = change(await reply.text()) || tag;
    } catch {
      // The server is away; the next look may find it.
    } finally {
      looking = false;
    }
  }

  localise(document);
  const zone = document.getElementById("zone");
  if (zone) zone.textContent = `Times are in ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`;
  const address = new URL(location.href);
  if (address.searchParams.has("done")) {
    address.searchParams.delete("done");
    history.replaceState(null, "", address);
  }
  const tabs = document.querySelector(".tabs"), current = tabs && tabs.querySelector("[aria-current]");
  if (current) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - 16; // on a telephone they are wider than the window
  if (main.dataset.live) {
    setInterval(look, EVERY);
    document.addEventListener("visibilitychange", look);
  }
})();
