import { useNavigate } from '@tanstack/react-router';
import { useRevert } from '../../api/govern';
import { ReasonDialog } from './ReasonDialog';

/** Proposes to go back to an earlier revision, and opens that proposal. */
export function RevertDialog({
  kind,
  name,
  title,
  number,
  onClose,
}: {
  kind: string;
  name: string;
  title: string;
  number: number;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const revert = useRevert(kind, name);
  return (
    <ReasonDialog
      title={`Back to revision ${number}`}
      about={`This proposes the text of revision ${number} of ${title}. It is tested and approved like any other change.`}
      label="Why"
      action="Propose it"
      busy={revert.isPending}
      error={revert.error}
      onDone={(reason) =>
        revert.mutate(
          { number, reason },
          { onSuccess: (p) => void navigate({ to: '/policy/proposals/$id', params: { id: String(p.id) } }) },
        )
      }
      onClose={onClose}
    />
  );
}
