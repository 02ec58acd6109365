"""From samples to partials and finals, on the threads that recognise."""
