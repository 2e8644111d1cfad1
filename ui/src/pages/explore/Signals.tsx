import { lazy, Suspense } from 'react';
import { Loading, Missing } from '../../components/States';
import { useSignalState } from './state';

const pages: Record<string, React.LazyExoticComponent<() => React.ReactNode>> = {
  logs: lazy(() => import('./LogsPage').then((m) => ({ default: m.LogsPage }))),
  traces: lazy(() => import('./TracesPage').then((m) => ({ default: m.TracesPage }))),
  services: lazy(() => import('./ServicesPage').then((m) => ({ default: m.ServicesPage }))),
  errors: lazy(() => import('./ErrorsPage').then((m) => ({ default: m.ErrorsPage }))),
  related: lazy(() => import('./RelatedPage').then((m) => ({ default: m.RelatedPage }))),
};
const single: typeof pages = {
  traces: lazy(() => import('./TracePage').then((m) => ({ default: m.TracePage }))),
  errors: lazy(() => import('./ErrorPage').then((m) => ({ default: m.ErrorPage }))),
};

/** The page of Explore that the address names. */
export function Signals() {
  const { view, id } = useSignalState();
  const Page = (id === undefined ? pages : single)[view];
  if (!Page) return <Missing />;
  return (
    <Suspense
      fallback={
        <>
          <h1>Explore {view}</h1>
          <Loading what="the page" rows={2} height={140} />
        </>
      }
    >
      <Page key={`${view}/${id ?? ''}`} />
    </Suspense>
  );
}
