import { useMemo, useRef, useState } from 'react';
import css from './Demo.module.css';

type Parted = { html: string; sheets: string[] };

/**
 * The page's policy forbids inline styles, in a frame of ours too. So a mail's own styles are taken out of its markup and
 * put in again by hand, which is setting and not parsing.
 */
export function part(html: string): Parted {
  const doc = new DOMParser().parseFromString(html.replace(/(\s)style(\s*=)/gi, '$1data-style$2'), 'text/html');
  const sheets = [...doc.querySelectorAll('style')].map((s) => s.textContent);
  for (const el of doc.querySelectorAll('style, script, link, meta, base, iframe, object, embed, form')) el.remove();
  for (const a of doc.querySelectorAll('a')) {
    a.setAttribute('target', '_blank');
    a.setAttribute('rel', 'noreferrer noopener');
  }
  return { html: doc.documentElement.outerHTML, sheets };
}

/** A mail's HTML in a frame that runs no script, sends no form and cannot navigate us. */
export function MailFrame({ html, title }: { html: string; title: string }) {
  const ref = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(240);
  const parted = useMemo(() => part(html), [html]);
  const dress = () => {
    const doc = ref.current?.contentDocument;
    const view = doc?.defaultView;
    if (!doc || !view) return;
    for (const el of doc.querySelectorAll<HTMLElement>('[data-style]')) {
      el.style.cssText = el.getAttribute('data-style') ?? '';
    }
    doc.adoptedStyleSheets = parted.sheets.map((text) => {
      const sheet = new view.CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    });
    setHeight(Math.min(1200, Math.max(120, doc.documentElement.scrollHeight)));
  };
  return (
    <iframe
      ref={ref}
      className={css.frame}
      title={`Mail: ${title}`}
      sandbox="allow-same-origin allow-popups"
      srcDoc={parted.html}
      onLoad={dress}
      style={{ height }}
    />
  );
}
