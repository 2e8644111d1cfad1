import { useState } from 'react';
import { Icon } from './Icon';
import css from './Copy.module.css';

/** Text to take along: a command, an address, a few lines of configuration, with a button that copies it. */
export function Copy({ text, label, block = false }: { text: string; label: string; block?: boolean }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className={css.copy} data-block={block || undefined}>
      <pre tabIndex={block ? 0 : undefined}>{text}</pre>
      <button
        type="button"
        aria-label={`Copy ${label}`}
        onClick={() => {
          void navigator.clipboard
            .writeText(text)
            .then(() => setCopied(true))
            .catch(() => undefined);
        }}
        onBlur={() => setCopied(false)}
      >
        <Icon name={copied ? 'check' : 'copy'} size={14} />
        <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
      </button>
    </div>
  );
}
