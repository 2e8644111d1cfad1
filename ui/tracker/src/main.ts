import { safely } from './event';
import { objects, silent, start, type Api } from './tracker';

// <script src="https://signals.example/sb.js" data-site="KEY" defer></script>
//
//   data-site      the site's key
//   data-endpoint  where events go; /v1/events of the script's own origin unless stated
//   data-consent   left out: the page does not ask. required: nothing is sent or stored before sb.consent(…).
//                  necessary: begins with what is necessary. granted: somebody agreed before.
//   data-trace     origins, separated by spaces, whose requests are traced like the page's own
//
// Calls made before the script is there wait in an array: (window.sb = window.sb || []).push(['track', 'name', {…}]).

type Place = Window & { sb?: Api | unknown[] };

safely(() => {
  const place = window as Place;
  const script = (document.currentScript ?? document.querySelector('script[data-site]')) as HTMLScriptElement | null;
  const site = script?.dataset.site;
  const before = place.sb;
  if (!script || !site || (before && !Array.isArray(before))) return;
  const url = new URL(script.dataset.endpoint ?? '/v1/events', script.src || location.href);
  url.searchParams.set('site', site);
  const api = objects()
    ? silent()
    : start({
        url: url.href,
        consent: script.dataset.consent ?? null,
        trace: (script.dataset.trace ?? '').split(/\s+/).filter(Boolean),
      });
  place.sb = api;
  for (const call of before ?? []) api.push(call as unknown[]);
});
