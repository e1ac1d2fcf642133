import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';
import { Button } from '../../components/button';

/** Sends a failed mail again. */
export function RetryButton({ uuid, subject }: { uuid: string; subject: string }) {
  const retry = useAction({
    run: (_: null, { key }) =>
      call(rest.POST('/api/mails/{uuid}/retry', { params: { path: { uuid } }, headers: writeHeaders(key) })),
    success: 'The mail is sent again',
  });
  return (
    <Button small isPending={retry.isPending} onClick={() => retry.run(null)}>
      Send again<span className="unseen"> the mail “{subject}”</span>
    </Button>
  );
}

/** Sends an event again to an endpoint that did not accept it. */
export function ReplayButton({ uuid, name }: { uuid: string; name: string }) {
  const replay = useAction({
    run: (_: null, { key }) =>
      call(rest.POST('/api/webhook-deliveries/{uuid}/replay', { params: { path: { uuid } }, headers: writeHeaders(key) })),
    success: 'The event is sent again',
  });
  return (
    <Button small isPending={replay.isPending} onClick={() => replay.run(null)}>
      Send again<span className="unseen"> the event to {name}</span>
    </Button>
  );
}
