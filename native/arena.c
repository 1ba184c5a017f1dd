// Hands libargon2 the memory that the calling thread lent: see docs/adr/0017-argon2-built-for-the-machine.md.
// libargon2 asks in the middle of a hash, where a callback in Python would wait for the interpreter's lock.

#include <stddef.h>
#include <stdint.h>

static _Thread_local uint8_t *lent;
static _Thread_local size_t lent_size;

void watchword_lend(uint8_t *memory, size_t size) {
    lent = memory;
    lent_size = size;
}

int watchword_take(uint8_t **memory, size_t size) {
    // A null pointer means to libargon2 that there is no memory.
    *memory = size <= lent_size ? lent : NULL;
    return 0;
}

void watchword_give_back(uint8_t *memory, size_t size) {
    // libargon2 has wiped it, and its owner keeps it.
    (void)memory;
    (void)size;
}
