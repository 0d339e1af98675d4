/* Faults on purpose: what looks for faults has to find these, or it is off. deliberate_fault memory|arithmetic */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    int volatile largest = INT_MAX;
    if (argc == 2 && strcmp(argv[1], "memory") == 0) {
        char *volatile text = (char *)malloc(8);
        text[0] = 'a';
        free(text);
        printf("%c\n", text[0]);
    } else if (argc == 2 && strcmp(argv[1], "arithmetic") == 0) {
        largest += argc;
        printf("%d\n", largest);
    }
    return 0;
}
