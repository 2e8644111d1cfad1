import { Link } from '@tanstack/react-router';
import css from './Go.module.css';
import type { Place } from './links';

type Props = {
  place: Place;
  children: React.ReactNode;
  /** As a button; `first` is the one that is meant. */
  look?: 'button' | 'first';
  className?: string;
  title?: string;
  'aria-label'?: string;
  'aria-keyshortcuts'?: string;
};

/** A link to another place of Explore. */
export function Go({ place, look, className, children, ...rest }: Props) {
  const shared = {
    ...rest,
    className: className ?? (look ? css.button : 'inline'),
    'data-first': look === 'first' || undefined,
    search: place.search ?? {},
  };
  return place.id === undefined ? (
    <Link to="/explore/$view" params={{ view: place.view }} {...shared}>
      {children}
    </Link>
  ) : (
    <Link to="/explore/$view/$id" params={{ view: place.view, id: place.id }} {...shared}>
      {children}
    </Link>
  );
}
