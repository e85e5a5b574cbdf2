// The mark of the project: an ember in its ring.

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="12.5" fill="none" stroke="currentColor" strokeWidth="3" opacity="0.4" />
      <circle cx="16" cy="16" r="6" fill="currentColor" />
    </svg>
  );
}
