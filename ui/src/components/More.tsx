import { Link } from '@tanstack/react-router';
import { Dialog } from './Dialog';
import { Icon } from './Icon';
import css from './More.module.css';
import type { Page } from './places';

/** On a phone: the pages that the bar has no room for. */
export function More({ pages, onClose }: { pages: Page[]; onClose: () => void }) {
  return (
    <Dialog title="More pages" size={420} onClose={onClose}>
      <ul className={css.list}>
        {pages.map((p) => (
          <li key={p.to}>
            <Link to={p.to} onClick={onClose}>
              <Icon name={p.icon} size={18} />
              {p.name}
            </Link>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
