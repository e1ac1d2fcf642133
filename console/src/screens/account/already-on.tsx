/** Set up in the meantime, in another tab for example, so its recovery codes were not shown here. */
export const AlreadyOn = () => (
  <p className="notice warn">
    The second factor is on already, perhaps by another tab. Close this, and make new recovery codes if you have not stored them.
  </p>
);
