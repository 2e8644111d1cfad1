import { memo } from 'react';

// Line icons, 24 px grid, two-pixel strokes; always decoration beside words or inside a named control. Drawn after Lucide (ISC).
const paths = {
  board: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z',
  bell: 'M6 8a6 6 0 0 1 12 0c0 7 3 9 3 9H3s3-2 3-9M10.3 21a1.94 1.94 0 0 0 3.4 0',
  'bell-off':
    'M8.7 3A6 6 0 0 1 18 8c0 3 .6 5 1.2 6.5M17 17H3s3-2 3-9a4.7 4.7 0 0 1 .3-1.7M10.3 21a1.94 1.94 0 0 0 3.4 0M2 2l20 20',
  explore: 'M3 3v16a2 2 0 0 0 2 2h16M7 14.5l3-4.5 4 3 5-7.5',
  sources:
    'M4 5.5C4 4 7.6 3 12 3s8 1 8 2.5S16.4 8 12 8 4 7 4 5.5zM4 5.5V12c0 1.5 3.6 2.5 8 2.5s8-1 8-2.5V5.5M4 12v6.5C4 20 7.6 21 12 21s8-1 8-2.5V12',
  flask: 'M10 2v6.3L4.7 17.5A2.3 2.3 0 0 0 6.7 21h10.6a2.3 2.3 0 0 0 2-3.5L14 8.3V2M8.5 2h7M7.5 14.5h9',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM20 20l-4-4',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2',
  tv: 'M7 3l5 4 5-4M4 7h16a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1z',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
  help: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.3 9.3a2.8 2.8 0 0 1 5.4.9c0 1.8-2.7 2.4-2.7 3.8M12 17.2v.1',
  table: 'M4 4h16v16H4zM4 10h16M4 15h16M10 4v16',
  chart: 'M3 3v16a2 2 0 0 0 2 2h16M7 14.5l3-4.5 4 3 5-7.5',
  share:
    'M18 2.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM6 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM18 16.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8.2 10.7l7.6-4.4M8.2 13.3l7.6 4.4',
  book: 'M5 19.5V5a2 2 0 0 1 2-2h12v18H6.5A1.5 1.5 0 0 1 5 19.5zM5 19.5A1.5 1.5 0 0 1 6.5 18H19M9 7.5h6',
  external: 'M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  down: 'M6 9l6 6 6-6',
  plus: 'M12 5v14M5 12h14',
  x: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  play: 'M7 4.5v15l12-7.5z',
  host: 'M3 4h18v12H3zM8 20h8M12 16v4',
  plug: 'M9 2v6M15 2v6M6 8h12v3a6 6 0 0 1-12 0zM12 17v5',
  mail: 'M3 5h18v14H3zM3 7l9 6 9-6',
  filter: 'M4 5h16M7 12h10M10 19h4',
  history: 'M3 12a9 9 0 1 0 3-6.7L3 8M3 3v5h5M12 7.5V12l3 2',
  people:
    'M9 4a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18.5 14.5A6.5 6.5 0 0 1 21.5 20',
  person: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5a7.5 7.5 0 0 1 15 0',
  layout: 'M4 4h16v16H4zM4 9.5h16M10.5 9.5V20',
  more: 'M5 11.9v.2M12 11.9v.2M19 11.9v.2',
  out: 'M14 4H5v16h9M10 12h11M17.5 8.5 21 12l-3.5 3.5',
  key: 'M15.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM11.8 12 4 19.8M7 17l2.5 2.5',
  shield: 'M12 3l8 3v6c0 4.5-3.2 7.8-8 9-4.8-1.2-8-4.5-8-9V6z',
  up: 'M6 15l6-6 6 6',
  pencil: 'M4 20l1-4.5L16.5 4 20 7.5 8.5 19zM14 6.5 17.5 10',
  bin: 'M4 6.5h16M9 6V4h6v2M6 6.5 7 20h10l1-13.5M10 10.5v6M14 10.5v6',
  download: 'M12 3v12M7 10.5l5 5 5-5M4 20.5h16',
  upload: 'M12 16V4M7 8.5l5-5 5 5M4 20.5h16',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4z',
  policy:
    'M14 3H7a2 2 0 0 0-2 2v4M14 3v5h5M14 3l5 5v11a2 2 0 0 1-2 2h-5M7.5 12a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM6 17.5V22l1.5-1 1.5 1v-4.5',
  usage: 'M4 20v-6h4v6zM10 20V9h4v11zM16 20V4h4v16z',
  full: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
} as const;

export type IconName = keyof typeof paths;

/** One icon, 16 px unless told. */
export const Icon = memo(function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      style={{ flex: 'none', display: 'block' }}
    >
      <path d={paths[name]} />
    </svg>
  );
});

/** The house's mark. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" style={{ display: 'block' }}>
      <rect width="32" height="32" rx="7" fill="#22384a" />
      <rect x=".75" y=".75" width="30.5" height="30.5" rx="6.25" fill="none" stroke="#5a6f82" strokeWidth="1.5" />
      <circle cx="10.5" cy="11" r="4" fill="#2cc9a7" />
      <path d="m21.5 6.5 4.6 8h-9.2z" fill="#ffc53d" />
      <rect x="6.5" y="19" width="7" height="7" rx="2.2" fill="#f4545e" />
      <rect x="16.5" y="20.8" width="9.5" height="3.4" rx="1.7" fill="#eef2f6" />
    </svg>
  );
}
