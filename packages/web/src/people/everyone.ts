/** The group that is built in: everybody is in it, and nobody changes that. */
export const everyone = 'All Users'
