export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <rect width="32" height="32" rx="7" className="brand-ground" />
        <circle cx="16" cy="12" r="5" className="brand-figure" />
        <path d="M6 27a10 8.5 0 0 1 20 0z" className="brand-figure" />
      </svg>
      <span>patron</span>
    </span>
  );
}
