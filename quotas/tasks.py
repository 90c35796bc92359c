"""No work in the background: counts expire, and events give way to newer ones."""
