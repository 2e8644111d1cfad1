import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { boardsQuery, type BoardHead } from '../../api/boards';
import { meQuery } from '../../api/status';
import { Icon } from '../../components/Icon';
import { Empty, Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { roleWord } from '../people/roles';
import css from './Boards.module.css';

const ImportDialog = lazy(() => import('./ImportDialog').then((m) => ({ default: m.ImportDialog })));
const NewBoard = lazy(() => import('./NewBoard').then((m) => ({ default: m.NewBoard })));

/** Which boards are there, beside the one of all KPIs? */
export function BoardsPage() {
  const search = useSearch({ from: '/shell/boards' });
  const navigate = useNavigate({ from: '/boards' });
  const boards = useQuery(boardsQuery);
  const may = useQuery(meQuery).data?.actions.includes('propose') ?? false;
  const make = (v: 'import' | 'new' | undefined) => void navigate({ search: v ? { make: v } : {}, replace: true });
  useKeys({ n: () => (may ? make('new') : undefined) });
  const buttons = may ? (
    <div className={css.actions}>
      <Button leftSection={<Icon name="upload" />} onClick={() => make('import')}>
        Import from Grafana
      </Button>
      <Button variant="filled" leftSection={<Icon name="plus" />} aria-keyshortcuts="n" onClick={() => make('new')}>
        New board
      </Button>
    </div>
  ) : null;
  return (
    <>
      <title>Boards · signalbox</title>
      <header className={css.head}>
        <div>
          <h1>Boards</h1>
          <p className="muted">
            Chosen KPIs, queries and text on one page. A board is a policy: changing one is a proposal.
          </p>
        </div>
        {boards.data && boards.data.length > 0 ? buttons : null}
      </header>
      {boards.data ? (
        boards.data.length === 0 ? (
          <Empty title="No board has been made yet" action={buttons}>
            <p>
              A board shows the KPIs and queries that one team or role looks at together. The{' '}
              <Link to="/">main board</Link> shows all KPIs without one.
            </p>
          </Empty>
        ) : (
          <ul className={css.list}>
            {boards.data.map((b) => (
              <Card key={b.name} board={b} />
            ))}
          </ul>
        )
      ) : boards.isError ? (
        <Failure error={boards.error} what="The boards" retry={() => void boards.refetch()} />
      ) : (
        <Loading what="the boards" rows={2} height={96} />
      )}
      <Suspense fallback={null}>
        {search.make === 'import' ? <ImportDialog onClose={() => make(undefined)} /> : null}
        {search.make === 'new' ? (
          <NewBoard taken={boards.data?.map((b) => b.name) ?? []} onClose={() => make(undefined)} />
        ) : null}
      </Suspense>
    </>
  );
}

function Card({ board: b }: { board: BoardHead }) {
  const whom = [...b.for_roles.map(roleWord), ...b.teams];
  return (
    <li className={css.card}>
      <h2>
        <Link to="/boards/$name" params={{ name: b.name }} className={css.cardLink}>
          {b.title}
        </Link>
      </h2>
      {b.description ? <p className="muted small">{b.description}</p> : null}
      <p className="fine">
        {b.panel_count === 1 ? '1 panel' : `${b.panel_count} panels`} · {b.owner || 'nobody owns it'}
        {whom.length > 0 ? ` · for ${whom.join(', ')}` : ''}
      </p>
    </li>
  );
}
