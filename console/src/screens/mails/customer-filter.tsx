import { useGraphql } from '../../api/graphql';
import { CloseIcon } from '../../components/icons';
import { Link } from '../../router';
import { MailCustomer } from './queries';

/** Says that only the mails to one customer are shown, and leads back to all. */
export function CustomerFilterNote({ uuid }: { uuid: string }) {
  const { data } = useGraphql(MailCustomer, { id: uuid });
  const name = data?.customer?.fullName;
  return (
    <p className="mails-filter">
      Only mails to{' '}
      {name ? (
        <Link to={`/customers/edit/${uuid}`} dir="auto">
          {name}
        </Link>
      ) : (
        'one customer'
      )}
      <Link to="/mails?status=all" className="icon-button" aria-label="Show all mails" title="Show all mails">
        <CloseIcon size={14} />
      </Link>
    </p>
  );
}
