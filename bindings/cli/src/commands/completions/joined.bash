    local words=() word="" before="" at joins=""
    for at in "${!COMP_WORDS[@]}"; do
        word="${COMP_WORDS[at]}"
        if [[ $at -eq $COMP_CWORD && $word != "=" ]]; then word="$2"; fi
        if [[ ${#words[@]} -gt 0 && ( -n $joins || $word == "=" ) ]]; then
            words[${#words[@]}-1]+="$word"
        else
            words+=("$word")
        fi
        joins=""
        if [[ $word == "=" ]]; then joins=1; fi
        if [[ $at -eq $COMP_CWORD ]]; then
            _CLAP_COMPLETE_INDEX=$(( ${#words[@]} - 1 ))
            before="${words[${#words[@]}-1]}"
            if [[ $word != "=" ]]; then before="${before%"$word"}"; fi
        fi
    done
