import { Component, type ReactNode } from 'react';
import { Button } from '../components/button';
import { EmptyState } from '../components/empty-state';
import { WarningIcon } from '../components/icons';

/** Shows a page instead of a blank screen if a screen throws, or if its file can't be loaded. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    // After an update of the server, the files of the previous version are gone.
    const isChunk = /import|fetch|load/i.test(error.message);
    return (
      <div className="page">
        <EmptyState
          icon={<WarningIcon size={28} />}
          title={isChunk ? 'This page could not be loaded' : 'Something went wrong on this page'}
          action={
            <Button kind="primary" onClick={() => location.reload()}>
              Reload
            </Button>
          }
        >
          {isChunk
            ? 'The connection was interrupted, or patron has been updated. Reload to continue.'
            : `This is an error of the console: ${error.message}. Reload to continue; if it happens again, tell the operator.`}
        </EmptyState>
      </div>
    );
  }
}
