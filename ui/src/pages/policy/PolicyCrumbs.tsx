import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { policyQuery } from '../../api/govern';

const words: Record<string, string> = { proposals: 'Proposals', calendar: 'Review calendar', new: 'New policy' };

/** Where one is below the policies; the title of a policy is taken from what the page has asked for already. */
export function PolicyCrumbs({ path }: { path: string }) {
  const [first = '', second = '', third] = path
    .replace(/^\/policy\//, '')
    .split('/')
    .map(decodeURIComponent);
  const slash = <span aria-hidden="true">/</span>;
  // Nothing is asked for here: the page below asks, and this shows what came.
  const known = useQuery({ ...policyQuery(first, second), enabled: false }).data;
  const title = known?.title ?? second;
  const here =
    first === 'proposals' && second !== ''
      ? `Proposal ${second}`
      : second === ''
        ? (words[first] ?? first)
        : third === 'edit'
          ? 'Edit'
          : title;
  return (
    <>
      <Link to="/policy">Policies</Link>
      {slash}
      {first === 'proposals' && second !== '' ? (
        <>
          <Link to="/policy/proposals">Proposals</Link>
          {slash}
        </>
      ) : null}
      {third === 'edit' ? (
        <>
          <Link to="/policy/$kind/$name" params={{ kind: first, name: second }}>
            {title}
          </Link>
          {slash}
        </>
      ) : null}
      <strong aria-current="page">{here}</strong>
    </>
  );
}
