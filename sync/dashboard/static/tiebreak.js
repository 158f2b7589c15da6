/* Tiebreak's script: times and numbers as the reader writes them, definitions beside their words, and pages that
   change by themselves. Everything works without it. */
"use strict";

(() => {
  const EVERY = 1500; // milliseconds between two looks at what has changed
  const PATIENCE = 20000; // milliseconds that a look may take
  const MISSED = 2; // looks in vain, one after the other, before the reader is told
  const TYPING = "input:not([type=hidden], [type=checkbox], [type=radio]), textarea, select";

  /* Numbers and times in the reader's form. */
  const parts = new Intl.NumberFormat().formatToParts(1234567.5);
  const mark = (type, other) => (parts.find((one) => one.type === type) || { value: other }).value;
  const group = mark("group", ""), decimal = mark("decimal", ".");
  const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" }); // a day is no moment
  const NUMBERS = "data[value], .interval, .numbers, .matrix td";

  /* "[1,234.5, 2]" as the reader writes it: "[1.234,5; 2]" where commas are decimal. */
  function localNumbers(text) {
    const apart = decimal === "," ? text.replace(/, /g, "; ") : text;
    return apart.replace(/(\d)[.,](?=\d)/g, (found, digit) => digit + (found.endsWith(",") ? group : decimal));
  }

  function localise(root) {
    if (group !== "," || decimal !== ".") {
      const written = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      while (written.nextNode()) {
        const one = written.currentNode;
        if (one.parentElement.closest(NUMBERS)) one.data = localNumbers(one.data);
      }
    }
    for (const one of root.querySelectorAll("time[datetime]")) {
      const at = new Date(one.dateTime);
      if (isNaN(at)) continue;
      one.title = one.textContent;
      one.textContent = (one.dateTime.length === 10 ? days : moments).format(at);
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
  const masked = /(name="form_token" value=")[^"]*|(<(?:img|source)) width="\d+" height="\d+"/g; // no change
  const sent = (root) => [...root.children].map((one) => one.outerHTML.replace(masked, "$1$2"));
  let shown = sent(main), tag = main.dataset.live, looking = false, held = null;

  /* Whether a field says something else than the page came with. */
  function dirty(one) {
    if (one.type === "hidden") return false;
    if (one.matches("[type=checkbox], [type=radio]")) return one.checked !== one.defaultChecked;
    if (!one.matches("select")) return one.value !== one.defaultValue;
    const usual = [...one.options].map((choice) => choice.defaultSelected);
    if (!one.multiple && !usual.includes(true)) usual[0] = true;
    return [...one.options].some((choice, place) => choice.selected !== Boolean(usual[place]));
  }

  function busy(part) {
    return part.contains(document.activeElement) && document.activeElement.matches(TYPING)
      || [...part.querySelectorAll("input, textarea, select")].some(dirty);
  }

  /* The same element in what took its place: by its id, where it leads, its name, or what it says. */
  function again(one, place, root) {
    const said = (it) => `${it.getAttribute("aria-label") || ""} ${it.textContent.trim()}`;
    const marks = [
      (it) => it.id, (it) => it.getAttribute("href") && `${it.getAttribute("href")} ${said(it)}`,
      (it) => it.getAttribute("href"), (it) => it.getAttribute("name") && `${it.name} ${it.value}`,
      (it) => it.getAttribute("aria-labelledby"), said,
    ];
    const like = [...root.querySelectorAll(one.tagName)];
    for (const mark of marks) {
      const wanted = mark(one), same = wanted && wanted.trim() ? like.filter((it) => mark(it) === wanted) : [];
      if (same.length) return same.includes(like[place]) ? like[place] : same[0];
    }
    return null;
  }

  /* Puts what is new in the place of what is old: what is open stays open, tables stay where they were scrolled to, and
     the keyboard stays where it was, or at least in this part of the page. */
  function keeping(old, put) {
    const open = [...old.querySelectorAll("details")].map((one) => one.open);
    const moved = [...old.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const place = focus ? [...old.querySelectorAll(focus.tagName)].indexOf(focus) : -1;
    const fresh = put();
    fresh.querySelectorAll("details").forEach((one, order) => { if (order < open.length) one.open = open[order]; });
    fresh.querySelectorAll(".scroll").forEach((one, order) => { one.scrollLeft = moved[order] || 0; });
    if (!focus) return;
    const found = again(focus, place, fresh) || fresh;
    if (found === fresh) fresh.tabIndex = -1;
    found.focus({ preventScroll: true });
  }

  function replace(old, fresh) {
    keeping(old, () => {
      localise(fresh);
      old.replaceWith(fresh);
      return fresh;
    });
  }

  /* Shows the page that came, but for the parts that the reader is at: these wait, with it, in ``held``. */
  function change(text) {
    const now = new DOMParser().parseFromString(text, "text/html").getElementById("main");
    if (!now) return;
    const fresh = sent(now), whole = fresh.length !== shown.length;
    tag = now.dataset.live || tag;
    held = null;
    if (whole && busy(main)) {
      held = text;
      return;
    }
    if (whole) {
      localise(now);
      keeping(main, () => {
        main.replaceChildren(...now.children);
        return main;
      });
    } else {
      [...now.children].forEach((one, place) => {
        if (fresh[place] === shown[place]) return;
        if (busy(main.children[place])) {
          held = text;
          fresh[place] = shown[place];
        } else replace(main.children[place], one);
      });
    }
    shown = fresh;
  }

  /* What the reader has to know of the page itself; empty where all is well. */
  const state = document.createElement("div");
  state.className = "wrap state";
  state.setAttribute("role", "status");
  main.before(state);

  function say(...words) {
    const said = document.createElement("p");
    said.className = "notice";
    said.append(...words);
    state.replaceChildren(...(words.length ? [said] : []));
  }

  let missed = 0, since = null;

  function connected() {
    if (missed >= MISSED) say();
    missed = 0;
  }

  function away() {
    missed += 1;
    if (missed === 1) since = new Date();
    if (missed !== MISSED) return;
    const at = since.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    say(`Not connected since ${at}: what stands here may be old. It changes by itself again once Tiebreak answers.`);
  }

  function sayLoggedOut() {
    delete main.dataset.live;
    const link = document.createElement("a");
    link.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = "Log in";
    say("Your login has ended, so this page does not change any more. ", link);
  }

  async function look() {
    if (looking || document.hidden || !main.dataset.live) return;
    looking = true;
    try {
      const headers = { "If-None-Match": `"${tag}"`, "X-Tiebreak-Look": "1" };
      const reply = await fetch(location.href, { headers, signal: AbortSignal.timeout(PATIENCE) });
      const text = reply.ok ? await reply.text() : held;
      if (reply.status >= 500) away();
      else connected();
      if (reply.redirected || reply.status === 401) sayLoggedOut();
      else if (text && reply.status < 400) change(text);
    } catch {
      away();
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
