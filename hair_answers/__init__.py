"""Hair Answers: curated, sourced answers about hair loss and stem-cell therapy for hair."""
