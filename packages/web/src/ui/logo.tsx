/** The gate with the water below it; the name stands beside it, so it says nothing itself. */
export function Logo({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" strokeLinecap="round" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0b5a70" />
      <path d="M8 7v18M24 7v18M8 12h16" stroke="#fff" strokeWidth="3" />
      <path d="M12.5 20q1.75-2 3.5 0t3.5 0M12.5 24.5q1.75-2 3.5 0t3.5 0" stroke="#8ad4e6" strokeWidth="2" />
    </svg>
  )
}
